# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of the networks, sites and games where people have accounts."""

from typing import Final

from beffroi_privacy.patterns import late

NETWORKS: Final = (
    r"facebook|fb|insta(?:gram)?|twitter|x|tik ?tok|snap(?:chat)?|discord|telegram|mastodon|github"
    r"|gitlab|linkedin|reddit|youtube|twitch|steam|whats ?app|messenger|skype|bluesky|threads"
    r"|nextdoor|signal|framagit|matrix|pinterest|strava|wikip[ée]dia|openstreetmap|osm|leboncoin"
    r"|vinted|airbnb|blablacar|viber|psn|xbox|data\.gouv(?:\.fr)?|peertube|fortnite|minecraft"
    r"|roblox|valorant|ebay|tinder|badoo|onlyfans|be ?real|trustpilot|tripadvisor|garmin|komoot"
    r"|zwift|tumblr|flickr|dailymotion|vimeo|slack|jabber|wechat|ebay|nintendo|soundcloud|spotify"
)
NETWORK_WORD: Final = late(rf"(?:{NETWORKS}|forums?|chats?)")
"""A word in small letters that is the name of one, and nobody's."""
