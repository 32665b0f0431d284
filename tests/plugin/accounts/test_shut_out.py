# SPDX-License-Identifier: AGPL-3.0-or-later
"""An administrator ends the sessions of one account, which is found and never listed."""

from support.tokens import Program, token_for
from support.town import Town

PAGE = "/desk/accounts"


def test_an_administrator_ends_the_sessions_of_one_account_and_sees_neither_name_nor_address(
    village: Town,
) -> None:
    boss, sam = village.signed_in("administrator"), village.signed_in()
    alix = village.signed_in(name="Alix Zqxname")
    program = Program(village, token_for(alix, "own:read"))
    own = f"{PAGE}/{alix.account_id}"
    code = village.app.extensions["beffroi"].sign_in.code(alix.account_id)
    for said in (alix.email.upper(), f" {alix.account_id} ", code):
        found = boss.post(PAGE, {"who": said})
        assert (found.status_code, found.headers["Location"]) == (303, own)
    for nobody in ("citizens.example", "Zqxname", "999999", "f" * 16, "", "%"):
        missed = boss.post(PAGE, {"who": nobody})
        assert missed.status_code == 422
        assert "Aucun compte" in missed.text
        assert f'value="{nobody}"' in missed.text
    page = boss.page(own)
    assert code in page
    assert "Zqxname" not in page
    assert alix.email not in page
    assert boss.post(f"{own}/end").status_code == 303
    assert "/sign-in" in alix.get("/account").headers["Location"]
    assert sam.get("/account").status_code == 200
    assert program.get("/api/v1/me").status_code == 200
    assert "Connecté nulle part" in boss.page(own)
    assert boss.post(f"{own}/end", {"tokens": "yes"}).status_code == 303
    assert program.get("/api/v1/me").status_code == 401
    assert boss.post(f"{PAGE}/999999/end").status_code == 404
    journal = boss.page("/desk/journal")
    assert "a fermé les sessions d’un compte" in journal
    assert f"account_id {alix.account_id}" in journal
    assert alix.email not in journal
    assert boss.post(f"{PAGE}/{boss.account_id}/end").status_code == 303
    assert "/sign-in" in boss.get(PAGE).headers["Location"]
