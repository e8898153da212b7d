"""The sandbox: a template may decide what it asks for, and output nothing but binds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from promo_reports.errors import SqlTemplateError
from promo_reports.sql.template import FilterShapes, Parameters, load_template
from tests.support.databases.sql_samples import AS_OF, CHOSEN, COLUMNS, GOOD, ORDER, PARAMETERS, WINDOW, load


def refusal(root: Path, template: str | bytes) -> str:
    """The message for a template, whose first line is the third line of the report type's SQL."""
    before = COLUMNS.encode()
    content = template.encode() if isinstance(template, str) else template
    with pytest.raises(SqlTemplateError) as refused:
        load(root, before + content + b"\n" + ORDER.encode())
    return str(refused.value).replace(str(root / "ledger.sql"), "ledger.sql")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('WHERE {{ "x" }} = 1', "ledger.sql:3: only binds may be output, not 'x' Write {{ window.covers"),
        ("WHERE id =\n{{ 1 }}", "ledger.sql:4: only binds may be output, not 1"),
        ("WHERE {{ true }}", "ledger.sql:3: only binds may be output, not True"),
        ("WHERE {{ filters }}", "ledger.sql:3: only binds may be output, not <"),
        ("WHERE {{ window }}", "ledger.sql:3: only binds may be output, not <"),
        ("WHERE {{ window.covers }}", "ledger.sql:3: only binds may be output, not <bound method"),
        ("WHERE {{ filters.wallet ~ 'x' }}", "ledger.sql:3: only binds may be output, not '"),
        ("WHERE {{ filters.wallet[0] }}", "ledger.sql:3: only binds may be output, not '"),
        ("WHERE {{ 'id = %s' % filters.wallet }}", "ledger.sql:3: only binds may be output, not '"),
        ("WHERE {{ [filters.wallet] }}", "ledger.sql:3: only binds may be output, not ["),
        (
            GOOD[len(COLUMNS) :] + "{{ filters.shop }}",
            "ledger.sql:10: a filter that may be all is None here Put it inside {% if",
        ),
        ("\n\nWHERE {{ wallet }}", "ledger.sql:5: 'wallet' is undefined"),
        ("WHERE {{ filters.walet }}", "ledger.sql:3: there is no filter 'walet' There are: wallet, kind, shop."),
        ("WHERE {{ window.starts }}", "ledger.sql:3: '"),
        ("WHERE {{ as_of }}", "ledger.sql:3: 'as_of' is undefined"),
        ("WHERE {{ filters.__class__ }}", "ledger.sql:3: access to attribute '__class__' of"),
        ("WHERE {{ filters._filters }}", "ledger.sql:3: access to attribute '_filters' of"),
        ("WHERE {{ window._window.start }}", "ledger.sql:3: access to attribute '_window' of"),
        ("WHERE {{ window.covers.__self__ }}", "ledger.sql:3: access to attribute '__self__' of"),
        ("WHERE {{ ''.__class__.__mro__[1].__subclasses__() }}", "ledger.sql:3: access to attribute '__class__' of"),
        ("WHERE {{ window.covers('1=1 OR t.moved_at') }}", "ledger.sql:3: window.covers takes a column such as"),
        ("WHERE {{ window.covers('T.Moved_At') }}", "ledger.sql:3: window.covers takes a column such as"),
        ("WHERE {{ window.covers(1) }}", "ledger.sql:3: window.covers takes a column such as"),
        ("WHERE {{ window.covers() }}", "ledger.sql:3: "),
        ("WHERE {{ window.start() }}", "ledger.sql:3: "),
        ("{% for word in ['DROP', 'TABLE'] %}\n{{ word }}\n{% endfor %}", "ledger.sql:4: only binds may be output"),
        ("{% set x %}DROP{% endset %}{{ x }}", "ledger.sql:3: only binds may be output, not 'DROP'"),
        ("{% macro m() %}DROP{% endmacro %}{{ m() }}", "ledger.sql:3: only binds may be output, not 'DROP'"),
        ("{% for i in range(3) %}{% endfor %}", "ledger.sql:3: 'range' is undefined"),
        ("{% if lipsum() %}{% endif %}", "ledger.sql:3: 'lipsum' is undefined"),
        ("WHERE {{ filters.wallet | upper }}", "ledger.sql:3: No filter named 'upper'."),
        ("{% filter upper %}a{% endfilter %}", "ledger.sql:3: No filter named 'upper'."),
        ("{% if [1, 2] | random %}{% endif %}", "ledger.sql:3: No filter named 'random' found."),
        ("{% include '../secret.sql' %}", "ledger.sql:3: includes another file; a template is one file"),
        ("\n{% include '/etc/passwd' %}", "ledger.sql:4: includes another file"),
        ("{% include 'ledger.sql' %}", "ledger.sql:3: includes another file"),
        ("{% if false %}{% include filters.wallet %}{% endif %}", "ledger.sql:3: includes another file"),
        ("{% import 'x.sql' as x %}", "ledger.sql:3: includes another file"),
        ("{% from 'x.sql' import y %}", "ledger.sql:3: includes another file"),
        ("{% extends 'x.sql' %}", "ledger.sql:3: includes another file"),
        ("WHERE {% if %}", "ledger.sql:3: Expected an expression"),
        ("WHERE {{ filters.wallet", "ledger.sql:4: expected token 'end of print statement'"),
        ("{% do x %}", "ledger.sql:3: Encountered unknown tag 'do'."),
        ("WHERE id = '\x00'", "ledger.sql:3: holds a NUL character"),
        (b"WHERE note = 'caf\xe9'", "ledger.sql:3: is not UTF-8"),
        ("WHERE note = '{{ filters.wallet }}'", "ledger.sql:3: puts a bind into a comment, a text or a quoted name"),
        ("WHERE note LIKE '%{{ filters.wallet }}%'", "ledger.sql:3: puts a bind into"),
        ("-- {{ filters.wallet }}", "ledger.sql:3: puts a bind into"),
        ('WHERE "{{ filters.wallet }}" = 1', "ledger.sql:3: puts a bind into"),
        ("WHERE t.{{ filters.wallet }} = 1", "ledger.sql: does not use"),
        ("WHERE x{{ filters.wallet }} = 1", "ledger.sql:3: joins a bind to the text beside it"),
    ],
)
def test_a_template_cannot(template: str | bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("SELECT 1")
    assert refusal(tmp_path, template).startswith(message)


@pytest.mark.parametrize("name", ["../ledger", "/etc/passwd", "none", "a/../../ledger", "ledger\x00", "linked", "loop"])
def test_templates_lie_below_their_directory(name: str, tmp_path: Path) -> None:
    root = tmp_path / "sql"
    root.mkdir()
    (tmp_path / "ledger.sql").write_text("SELECT 1")
    (root / "linked.sql").symlink_to(tmp_path / "ledger.sql")
    (root / "loop.sql").symlink_to(root / "loop.sql")
    with pytest.raises(SqlTemplateError, match=r"there is no such template below|leads out of|is a symbolic link"):
        load_template(root, name)


def test_a_directory_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "ledger.sql").mkdir()
    with pytest.raises(SqlTemplateError, match="there is no such template below"):
        load_template(tmp_path, "ledger")


def test_each_output_becomes_a_bind(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(
        "{{ filters.wallet }}, {{ filters.kind }}, {{ window.start }}, {{ window.end }}, {{ as_of }}"
    )
    shapes = FilterShapes(frozenset({"kind"}))
    query, rendering = load_template(tmp_path, "a", shapes).render(Parameters(CHOSEN, WINDOW, AS_OF))
    assert query.named() == ":filter_wallet, (:list_kind_0, :list_kind_1), :window_start, :window_end, :as_of"
    assert query.values == {
        "filter_wallet": "main",
        "list_kind_0": "credit",
        "list_kind_1": "debit",
        "window_start": WINDOW.start,
        "window_end": WINDOW.end,
        "as_of": AS_OF,
    }
    assert rendering.used == {"filters.wallet", "filters.kind", "window.start", "window.end", "as_of"}
    assert not rendering.covers


def test_lists_and_single_values_never_share_a_bind(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("{{ filters.a }} , {{ filters.a_1 }} , {{ filters.a_1_0 }}")
    chosen = {"a": ("1", "2"), "a_1": ("3", "4"), "a_1_0": ("5",)}
    query, _ = load_template(tmp_path, "a", FilterShapes(frozenset({"a", "a_1"}))).render(Parameters(chosen))
    assert query.pyformat() % query.values == "(1, 2) , (3, 4) , 5"


def test_what_is_only_looked_at_is_not_bound(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("{% if filters.wallet and as_of and window.start %}{% endif %}x")
    query, rendering = load_template(tmp_path, "a").render(Parameters(CHOSEN, WINDOW, AS_OF))
    assert (query.text, query.values, rendering.used) == ("x", {}, frozenset())


def test_binds_can_be_repeated_and_cast(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("{{ as_of }}::date + {{ as_of }}")
    query, _ = load_template(tmp_path, "a").render(Parameters({}, as_of=AS_OF))
    assert query.pyformat() == "%(as_of)s::date + %(as_of)s"


def test_a_template_may_loop_over_its_own_text(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("{% for x in [1, 2] %}({{ filters.wallet }}) {% endfor %}{% raw %}{{{% endraw %}")
    query, _ = load_template(tmp_path, "a").render(PARAMETERS)
    assert query.named() == "(:filter_wallet) (:filter_wallet) {{"


def test_the_hash_is_of_the_file_and_a_byte_order_mark_is_no_sql(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + GOOD.encode()
    query = load(tmp_path, content)
    assert query.sha256 == hashlib.sha256(content).hexdigest()
    assert query.rows(PARAMETERS).text.count("\ufeff") == 0
