# SPDX-License-Identifier: AGPL-3.0-or-later
"""Trust policies: what is read, what is refused, and which cosignatures are enough."""

from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.cosigning import witness_vkey
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError
from beffroi_federation.notes import vkey
from beffroi_federation.policy import (
    Group,
    Policy,
    PolicyLog,
    PolicyWitness,
    Verifier,
    parse_policy,
)


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))


def of_witness(number: int) -> str:
    return witness_vkey(f"w{number}.example/w", key(number))


def of_log(number: int = 1_000, name: str = "ville.example/beffroi/213105554/1") -> str:
    return vkey(name, key(number).public_key().public_bytes_raw())


TWO_OF_THREE = f"""
# comment
log {of_log()} https://ville.example/log
witness\tnation {of_witness(1)}  https://nation.example/witness
  witness maires {of_witness(2)} https://maires.example/witness
witness fac {of_witness(3)}
group enough 2 nation maires fac
quorum enough
"""


def test_two_of_three_are_enough_and_one_is_not() -> None:
    policy = parse_policy(TWO_OF_THREE)
    names = [one.name for one in policy.witnesses]
    assert names == ["nation", "maires", "fac"]
    assert [one.url for one in policy.witnesses] == [
        "https://nation.example/witness",
        "https://maires.example/witness",
        "",
    ]
    for count in range(4):
        for some in combinations(names, count):
            assert policy.satisfied(some) is (count >= 2)


def test_the_two_level_example_of_the_format_holds() -> None:
    x = [f"witness X{n} {of_witness(n)}" for n in (1, 2, 3)]
    y = [f"witness Y{n} {of_witness(10 + n)}" for n in (1, 2, 3)]
    lines = [
        *x, "group X-witnesses 2 X1 X2 X3", *y, "group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses", "quorum X-and-Y",
    ]  # fmt: skip
    policy = parse_policy("\n".join(lines) + "\n")
    assert policy.satisfied({"X1", "X3", "Y2"})
    assert not policy.satisfied({"X1", "X2", "X3"})
    assert not policy.satisfied({"X1", "Y1", "Y2", "Y3"})


def test_no_witness_is_needed_where_the_quorum_is_none() -> None:
    assert parse_policy("quorum none\n").satisfied(())


def test_a_log_s_keys_are_found_by_its_origin() -> None:
    policy = parse_policy(TWO_OF_THREE)
    assert [one.vkey() for one in policy.log_keys("ville.example/beffroi/213105554/1")] == [
        of_log()
    ]
    assert policy.log_keys("autre.example") == ()


def test_witnesses_are_named_by_their_keys() -> None:
    policy = parse_policy(TWO_OF_THREE)
    stranger = Verifier.from_text(of_witness(9))
    signed = {Verifier.from_text(of_witness(3)), Verifier.from_text(of_witness(1)), stranger}
    assert policy.signed_by(signed) == ("nation", "fac")


W = f"witness a {of_witness(1)}\nwitness b {of_witness(2)}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        W,
        W + "quorum c\n",
        "quorum a\n" + W,
        W + "quorum a\nquorum a\n",
        W + "quorum none\nquorum none\n",
        W + "quorum\n",
        W + "quorum a b\n",
        W + "group g 3 a b\nquorum g\n",
        W + "group g 0 a b\nquorum g\n",
        W + "group g 01 a b\nquorum g\n",
        W + "group g ² a b\nquorum g\n",
        W + "group g some a b\nquorum g\n",
        W + "group g any\nquorum g\n",
        W + "group g any a a\nquorum g\n",
        W + "group g any a g\nquorum g\n",
        W + "group g any a\ngroup h any a\nquorum h\n",
        W + "group a any b\nquorum a\n",
        W + "group none any a\nquorum none\n",
        W + "group g any none\nquorum g\n",
        f"witness none {of_witness(1)}\nquorum none\n",
        f"witness a {of_witness(1)}\nwitness a {of_witness(2)}\nquorum a\n",
        f"witness a {of_witness(1)}\nwitness b {witness_vkey('x.example', key(1))}\nquorum a\n",
        f"witness a {of_witness(1)} https://x.example more\nquorum a\n",
        f"witness a {of_log()}\nquorum a\n",
        f"log {of_witness(1)}\nquorum none\n",
        f"log {of_log()}\nlog {of_log()}\nquorum none\n",
        "log\nquorum none\n",
        "witness a\nquorum none\n",
        "witness a x+00000000+AA==\nquorum none\n",
        "Quorum none\n",
        "quorum none\r\n",
        "quorum none\x00\n",
        "quorum none\x0b\n",
        "quorum\u00a0none\n",
        "".join(f"witness w{n} {of_witness(n)}\n" for n in range(257)) + "quorum w1\n",
    ],
)
def test_a_policy_that_can_be_read_in_two_ways_or_in_none_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_policy(text)


def test_the_line_that_is_wrong_is_named() -> None:
    with pytest.raises(Malformed, match="Line 3 of a policy"):
        parse_policy(W + "quorum c\n")


def test_a_policy_that_is_too_long_or_no_utf_8_is_refused() -> None:
    with pytest.raises(OverLimit):
        parse_policy(b"#" * 300_000)
    with pytest.raises(Malformed):
        parse_policy(b"# \xff\nquorum none\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_policy(data)
    except ProtocolError:
        return


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    count = draw(st.integers(0, 6))
    witnesses = tuple(
        PolicyWitness(
            f"w{n}", Verifier.from_text(of_witness(n)), draw(st.sampled_from(["", "https://a.b/c"]))
        )
        for n in range(count)
    )
    free = [one.name for one in witnesses]
    groups: list[Group] = []
    while free and draw(st.booleans()):
        members = tuple(draw(st.lists(st.sampled_from(free), min_size=1, unique=True)))
        group = Group(f"g{len(groups)}", draw(st.integers(1, len(members))), members)
        groups.append(group)
        free = [name for name in free if name not in members] + [group.name]
    names = [one.name for one in (*witnesses, *groups)]
    quorum = draw(st.sampled_from(["none", *names]))
    logs = tuple(
        PolicyLog(Verifier.from_text(of_log(2_000 + n))) for n in range(draw(st.integers(0, 2)))
    )
    return Policy(logs, witnesses, tuple(groups), quorum)


@given(policies())
def test_a_policy_that_is_written_is_read_back(policy: Policy) -> None:
    assert parse_policy(policy.text()) == policy


@given(policies(), st.data())
def test_one_more_cosignature_never_makes_a_checkpoint_less_trusted(
    policy: Policy, data: st.DataObject
) -> None:
    names = [one.name for one in policy.witnesses]
    some = set(data.draw(st.lists(st.sampled_from(names)) if names else st.just([])))
    for more in names:
        assert policy.satisfied(some | {more}) >= policy.satisfied(some)
    assert policy.satisfied(names)
