import copy
import hashlib
import hmac
import pickle
import weakref

import pyarrow as pa
import pytest

from lead_conversion.guard.pseudonyms import KeyRing, PseudonymKey, pseudonymise, recover_ids
from lead_conversion.kernel.errors import ConfigurationError

SECRET = "correct horse battery staple"
KEY = PseudonymKey(SECRET)


def test_a_pseudonym_is_the_head_of_the_hmac_of_kind_and_value():
    expected = hmac.new(SECRET.encode(), b"lead:7", hashlib.sha256).hexdigest()[:32]
    assert pseudonymise(pa.array(["7"]), "lead", KEY).to_pylist() == [expected]


def test_a_number_and_its_text_have_one_pseudonym():
    assert pseudonymise(pa.array([7]), "lead", KEY) == pseudonymise(pa.array(["7"]), "lead", KEY)


def test_kinds_and_keys_give_pseudonyms_that_never_meet():
    values = pa.array(["7"])
    other = PseudonymKey("another secret, long enough")
    keys = [*(pseudonymise(values, kind, KEY) for kind in ("lead", "event")), pseudonymise(values, "lead", other)]
    assert len({key[0].as_py() for key in keys}) == 3


def test_nulls_stay_null_and_repeated_values_keep_their_places():
    keys = pseudonymise(pa.array(["a", None, "b", "a"]), "event", KEY).to_pylist()
    assert keys[1] is None
    assert keys[0] == keys[3] != keys[2]


def test_an_empty_array_gives_an_empty_array_of_text():
    assert pseudonymise(pa.array([], pa.string()), "lead", KEY).type == pa.string()


def test_a_lone_surrogate_in_a_message_does_not_stop_a_run():
    assert len(KEY.pseudonym_of("text", "half an emoji \ud83d")) == 32


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigurationError, match="'contact'"):
        pseudonymise(pa.array(["7"]), "contact", KEY)


def test_a_short_secret_is_refused_with_what_to_do_and_is_not_shown():
    with pytest.raises(ConfigurationError, match="LEAD_CONVERSION_PSEUDONYM_KEY") as refusal:
        PseudonymKey("hunter2")
    assert "hunter2" not in str(refusal.value)


def test_the_secret_shows_nowhere():
    shown = f"{KEY} {KEY!r} {KEY.fingerprint}"
    assert SECRET not in shown
    assert SECRET.encode().hex() not in shown


def test_a_key_cannot_be_pickled_onto_a_disk():
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(KEY)


def test_a_key_is_handed_on_by_copy_without_being_written():
    assert copy.deepcopy(KEY) is copy.copy(KEY) is KEY


def test_the_fingerprint_tells_keys_apart_and_is_the_same_for_text_and_bytes():
    assert PseudonymKey(SECRET.encode()).fingerprint == KEY.fingerprint
    assert PseudonymKey(SECRET.encode()) == KEY
    assert hash(PseudonymKey(SECRET)) == hash(KEY)
    assert PseudonymKey("another secret, long enough") != KEY


def test_ids_are_recovered_in_the_order_of_their_pseudonyms_and_keep_their_type():
    batches = [pa.array([1, 2, 3]), pa.array([4, 5])]
    wanted = pseudonymise(pa.array([5, 99, 1, 5]), "lead", KEY)
    recovered = recover_ids(wanted, iter(batches), "lead", KEY)
    assert recovered.type == pa.int64()
    assert recovered.to_pylist() == [5, None, 1, 5]


def test_nothing_is_recovered_under_another_key_or_kind():
    wanted = pseudonymise(pa.array(["7"]), "lead", KEY)
    assert recover_ids(wanted, [pa.array(["7"])], "lead", PseudonymKey("another secret of sixteen")).null_count == 1
    assert recover_ids(wanted, [pa.array(["7"])], "event", KEY).null_count == 1


def test_null_id_is_nobody():
    wanted = pseudonymise(pa.array(["7"]), "lead", KEY)
    assert recover_ids(wanted, [pa.array([None, "7", None], pa.string())], "lead", KEY).to_pylist() == ["7"]


def test_no_ids_at_all_give_nulls():
    assert recover_ids(pa.array(["0" * 32]), [], "lead", KEY).to_pylist() == [None]


def test_ids_are_held_a_batch_at_a_time():
    held = []

    def batches():
        for start in range(0, 100_000, 1_000):
            batch = pa.array(range(start, start + 1_000))
            held.append(weakref.ref(batch))
            yield batch
            del batch
            assert sum(reference() is not None for reference in held) <= 1

    recover_ids(pseudonymise(pa.array([5]), "lead", KEY), batches(), "lead", KEY)


def test_key_ring_gives_the_key_of_a_fingerprint_and_says_what_is_at_hand():
    older = PseudonymKey("an older secret of the test")
    ring = KeyRing(KEY, (older,))
    assert ring.of(older.fingerprint) is older
    assert ring.of(KEY.fingerprint) is KEY
    with pytest.raises(ConfigurationError, match=f"{KEY.fingerprint}, {older.fingerprint}"):
        ring.of("0" * 12)
    with pytest.raises(ConfigurationError, match="are none"):
        KeyRing(None).of("0" * 12)
