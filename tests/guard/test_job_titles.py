import pytest

from lead_conversion.guard.job_titles import JOB_FUNCTIONS, SENIORITIES, job_function_of, seniority_of


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("CEO", "c_level"),
        ("C.E.O.", "c_level"),
        ("Chief Learning Officer", "c_level"),
        ("President & CEO", "c_level"),
        ("Managing Director", "c_level"),
        ("Geschäftsführerin", "c_level"),
        ("Directeur Général", "c_level"),
        ("Vice President, Sales", "vp"),
        ("SVP Marketing", "vp"),
        ("Owner / CEO", "owner"),
        ("Co-Founder", "owner"),
        ("Dueña", "owner"),
        ("Managing Partner", "owner"),
        ("Director of Admissions", "director"),
        ("Head of HR", "director"),
        ("Abteilungsleiter", "director"),
        ("HR Manager", "manager"),
        ("Training Coordinator", "manager"),
        ("Tech Lead", "manager"),
        ("Responsable formation", "manager"),
        ("Marketing Intern", "intern"),
        ("Werkstudentin IT", "intern"),
        ("Teacher", "staff"),
        ("Lead Generation Specialist", "staff"),
        ("Executive Assistant to the CEO", "staff"),
        ("HR Business Partner", "staff"),
        ("Product Owner", "staff"),
        ("International Sales", "staff"),
        (None, "unknown"),
        ("", "unknown"),
        ("N/A", "unknown"),
        ("123", "unknown"),
    ],
)
def test_a_title_has_the_level_of_its_highest_word(title, level):
    assert seniority_of(title) == level
    assert level in SENIORITIES


@pytest.mark.parametrize(
    ("title", "function"),
    [
        ("Teacher", "education"),
        ("Gymnasiallehrerin", "education"),
        ("Director of Admissions", "education"),
        ("Responsable formation", "education"),
        ("Training Coordinator", "education"),
        ("HR Business Partner", "people"),
        ("Chief People Officer", "people"),
        ("Directora de Recursos Humanos", "people"),
        ("Head of Growth", "marketing"),
        ("Product Marketing Manager", "marketing"),
        ("Customer Success Manager", "support"),
        ("Team Lead Support", "support"),
        ("VP of Sales", "sales"),
        ("Sales Engineer", "sales"),
        ("Vertriebsleiter", "sales"),
        ("Lead Generation Specialist", "sales"),
        ("Senior Software Engineer", "technology"),
        ("IT Project Manager", "technology"),
        ("CTO", "technology"),
        ("Systems Administrator", "technology"),
        ("UX Designer", "product"),
        ("Product Owner", "product"),
        ("Principal Engineer", "technology"),
        ("C.F.O.", "finance"),
        ("Buchhalterin", "finance"),
        ("Accountant", "finance"),
        ("General Counsel", "legal"),
        ("Registered Nurse", "health"),
        ("Chief Operating Officer", "operations"),
        ("Supply Chain Analyst", "operations"),
        ("Construction Site Manager", "operations"),
        ("Executive Assistant to the CFO", "administration"),
        ("Office Manager", "administration"),
        ("Owner / CEO", "general_management"),
        ("Geschäftsführerin", "general_management"),
        ("Managing Partner", "general_management"),
        ("Gerente General", "general_management"),
        ("Analyst", "other"),
        ("Wizard", "other"),
        (None, "unknown"),
        ("n/a", "unknown"),
    ],
)
def test_a_title_has_the_kind_of_work_that_its_words_name(title, function):
    assert job_function_of(title) == function
    assert function in JOB_FUNCTIONS
