"""What SHOW GRANTS of MySQL and MariaDB says that a user may read and write."""

from __future__ import annotations

import pytest

from promo_reports.pipeline.databases.mysql.inspection.grants import Grants


def grants(*lines: str) -> Grants:
    return Grants(lambda question: [[line] for line in lines])


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("GRANT SELECT, SHOW VIEW ON *.* TO 'reader'@'%' IDENTIFIED BY PASSWORD '*E9'", True),
        ("GRANT ALL PRIVILEGES ON `promo`.* TO `owner`@`%`", True),
        (r"GRANT SELECT ON `pro%`.* TO `reader`@`%`", True),
        (r"GRANT SELECT ON `p\_omo`.* TO `reader`@`%`", False),
        (r'GRANT SELECT ON "p_omo".* TO "reader"@"%"', True),
        ("GRANT SELECT ON `promo`.`wallets` TO `reader`@`%`", True),
        ("GRANT SELECT ON `promo`.`campaigns` TO `reader`@`%`", False),
        ("GRANT SELECT (`name`) ON `promo`.`wallets` TO `reader`@`%`", False),
        ("GRANT USAGE ON *.* TO `reader`@`%`", False),
        ("GRANT `a role` TO `reader`@`%`", False),
        ("GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION", False),
        ("REVOKE SELECT ON `promo`.* FROM `reader`@`%`", False),
    ],
)
def test_reading_a_whole_table(line: str, reads: bool) -> None:
    assert grants(line).read_all("promo", "wallets") is reads


def test_what_writes_is_taken_back() -> None:
    found = grants(
        "GRANT SELECT, CREATE TEMPORARY TABLES, CREATE ROLE, DROP ROLE, ALTER ROUTINE ON *.* TO `reader`@`%`",
        "GRANT SELECT, INSERT (`a`, `b`), DELETE HISTORY, DELETE ON `promo`.`wallets` TO `reader`@`%`",
        "GRANT CREATE, DROP, ALTER ON `promo`.* TO `a_role`@`%` WITH GRANT OPTION",
    )
    assert found.revoked() == [
        "REVOKE INSERT (`a`, `b`), DELETE ON `promo`.`wallets` FROM `reader`@`%`",
        "REVOKE CREATE, DROP, ALTER ON `promo`.* FROM `a_role`@`%`",
    ]
