# SPDX-License-Identifier: AGPL-3.0-or-later
"""From settings to the driver of each provider."""

from collections.abc import Sequence

from beffroi_web.sign_in.decidim import DecidimProvider
from beffroi_web.sign_in.driver import SignInProvider
from beffroi_web.sign_in.oidc import OidcProvider
from beffroi_web.sign_in.presets import DECIDIM
from beffroi_web.sign_in.settings import ProviderSettings


def drivers_for(providers: Sequence[ProviderSettings]) -> list[SignInProvider]:
    """Return a driver for each provider, in their order."""
    return [
        DecidimProvider(one) if one.driver == DECIDIM else OidcProvider(one) for one in providers
    ]
