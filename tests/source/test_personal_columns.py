import pytest

from lead_conversion.source.personal_columns import folded_name, personal_kind

PERSONAL = {
    "names a person": (
        "cust_nm", "CUST_NM", "CustNm", "custnm", "first_nm", "lst_name", "usr_name", "emp_nm", "contact_nms", "f_name",
        "prénom", "\uff26irst_name", "[Full Name]",
    ),
    "is an e-mail address": ("eml", "cust_email", "wrk_eml", "email_addr", "mail_adr", "email_id"),
    "is a phone number": ("mob_no", "MobNo", "mob", "cell_nbr", "ph_no", "home_phn", "tel_nr", "teléfono", "cust_tel"),
    "says where a person lives or works": (
        "lat", "geo_lat", "GeoLat", "lng", "lon", "geo_long", "home_lat", "lat_lng", "gps_coordinates", "addr_ln_1",
        "cust_addr", "bill_city", "p_code", "zip_cd", "co_nm", "comp_name", "Straße",
    ),
    "tells one person from all others": (
        "birth_dt", "birth_date", "dt_of_birth", "b_day", "cust_dob", "acct_no", "cc_num", "passport_nbr", "pwd_hash",
    ),
    "is a job title": ("job_ttl",),
    "identifies a person or an event of a person": ("cust_no", "clnt_id", "cntct_key", "msg_id"),
}  # fmt: skip
HARMLESS = (
    "format", "template", "relation", "relationship", "latency", "latency_ms", "latest", "late", "lateral", "flat",
    "platform", "translation", "long", "longest", "longevity", "belongs", "colon", "salon", "london", "geo_region",
    "name", "campaign_name", "step_name", "product_nm", "event_name", "list_nm", "number", "no", "nm", "dt", "ph",
    "created_dt", "birth_rate", "mobility", "mob_app_version", "email_status", "email_opened", "emails_sent",
    "phone_verified", "company_size", "cell_count", "customer_since", "cust_segment", "client_type", "contact_status",
    "contact_count", "lead_source", "lead_score", "member_level", "user_role", "account_type", "city_tier", "telemetry",
    "region", "country", "message_count", "subject_area", "note_count", "card_type", "emphasis", "postpone", "primary",
    "secondary_goal", "personality", "empty", "ship_dt", "mail_class", "pref_language", "company_age",
)  # fmt: skip


@pytest.mark.parametrize(
    ("meaning", "name"), [(meaning, name) for meaning, names in PERSONAL.items() for name in names]
)
def test_a_personal_column_is_known_however_it_is_shortened(meaning, name):
    assert personal_kind("dbo.t", name).meaning == meaning


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_only_looks_personal_is_let_be(name):
    assert personal_kind("dbo.campaigns", name) is None


def test_a_name_is_a_persons_where_the_table_is_of_people():
    assert personal_kind("dbo.cust_contacts", "nm") is not None
    assert personal_kind("dbo.campaigns", "nm") is None


@pytest.mark.parametrize(
    "name", ["\uff33\uff39\uff33", "sys ", "sýs", "SYS", "\U0001d4fc\U0001d502\U0001d4fc", "\u017fys"]
)
def test_a_name_is_folded_as_any_collation_may_fold_it(name):
    assert folded_name(name) == "sys"


def test_turkish_letters_fold_to_plain_ones():
    assert folded_name("İNFORMAT\u0131ON") == "information"
