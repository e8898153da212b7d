"""Partner vouchers, generated: the data set has none. Users, campaigns and memberships are of the data set."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING

from include.demo.data import columns, draws, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from include.demo.data.clock import DemoClock
    from include.demo.data.source import Campaign, Integers

MEMBERS_WITH_VOUCHER = 40
"""Percent of the campaign memberships."""
HOUSEHOLDS_WITH_GIFT = 50
"""Percent of the households that got one outside any campaign."""
REDEEMED = 35
"""Percent of the vouchers."""
_DAY = datetime.timedelta(days=1)
_YEAR = (datetime.date(2017, 1, 1), datetime.date(2017, 12, 31))


@dataclasses.dataclass(frozen=True)
class VoucherList:
    """A partner's list of codes. Days are of the data's year; codes go out on `[opens_on, closes_on]`."""

    partner: str
    list_tag: str
    status: str
    face_value: int
    """Cents."""
    opens_on: datetime.date = _YEAR[0]
    closes_on: datetime.date = _YEAR[1]
    expires_on: datetime.date | None = None
    numeric: bool = False
    """Codes are digits with leading zeros, which a spreadsheet would shorten."""

    @property
    def voucher_list_id(self) -> str:
        """Name the list; unique because (partner, list_tag) is."""
        return f"list-{LISTS.index(self) + 1:02d}"


LISTS: tuple[VoucherList, ...] = (
    VoucherList("Lumière Cinemas", "weekend-tickets", "active", 1200, expires_on=datetime.date(2018, 7, 1)),
    VoucherList("Lumière Cinemas", "premiere-night", "exhausted", 1800, closes_on=datetime.date(2017, 10, 15)),
    VoucherList(
        "Lumière Cinemas",
        "summer-two-for-one",
        "expired",
        1200,
        opens_on=datetime.date(2017, 6, 1),
        closes_on=datetime.date(2017, 8, 31),
        expires_on=datetime.date(2017, 10, 1),
    ),
    VoucherList("Fuel & Go", "five-off-a-tank", "active", 500, expires_on=datetime.date(2018, 4, 1), numeric=True),
    VoucherList("Fuel & Go", "car-wash", "inactive", 900, closes_on=datetime.date(2017, 11, 20), numeric=True),
    VoucherList("Streamly", "one-month-free", "active", 999),
    VoucherList("Streamly", "family-plan", "active", 1499, opens_on=datetime.date(2017, 9, 1)),
    VoucherList("Book Nook, Inc.", "paperbacks", "active", 750, expires_on=datetime.date(2018, 12, 31)),
    VoucherList(
        "Book Nook, Inc.",
        "gift-cards",
        "expired",
        2500,
        closes_on=datetime.date(2017, 10, 31),
        expires_on=datetime.date(2017, 12, 1),
    ),
)


@dataclasses.dataclass(frozen=True)
class VoucherAssignments:
    """Codes given to users, in the order of time; position + 1 is the assignment_id."""

    offers: Sequence[VoucherList]
    households: Sequence[int]
    campaigns: Sequence[int | None]
    sources: Sequence[str]
    codes: Sequence[str]
    assigned_at: Integers
    redeemed_at: Sequence[int | None]

    def rows(self) -> pa.Table:
        """Make the table."""
        import pyarrow as pa

        campaigns = [None if campaign is None else f"campaign-{campaign}" for campaign in self.campaigns]
        rows = {
            "assignment_id": pa.array(range(1, len(self.codes) + 1), pa.int64()),
            "assigned_at": columns.instants(self.assigned_at),
            "recorded_at": columns.instants(ledger.recorded_at(self.assigned_at)),
            "user_id": columns.words([str(household) for household in self.households]),
            "voucher_list_id": columns.words([offer.voucher_list_id for offer in self.offers]),
            "voucher_code": columns.words(self.codes),
            "source": columns.words(self.sources),
            "campaign_id": columns.words(campaigns),
            "redeemed_at": columns.instants(self.redeemed_at),
        }
        return pa.table(rows)


def assign(
    campaigns: Mapping[int, Campaign], memberships: Sequence[tuple[int, int]], clock: DemoClock
) -> VoucherAssignments:
    """Give vouchers to some members of each campaign while it ran, and to some households without a campaign."""
    drawn: list[tuple[datetime.datetime, int, int | None, str]] = []
    for campaign_id, household in memberships:
        if draws.happens(MEMBERS_WITH_VOUCHER, "voucher", campaign_id, household):
            campaign = campaigns[campaign_id]
            moment = draws.moment_in(campaign.start_date, campaign.end_date, "voucher", campaign_id, household)
            drawn.append((moment, household, campaign_id, "promo_campaign"))
    for household in sorted({household for _, household in memberships}):
        if draws.happens(HOUSEHOLDS_WITH_GIFT, "gift", household):
            gift_source = draws.choose(("api", "manual", "system"), "gift", household)
            drawn.append((draws.moment_in(*_YEAR, "gift", household), household, None, gift_source))
    drawn.sort(key=lambda assignment: (assignment[0], assignment[1]))
    offers = [_offer(moment, household, campaign) for moment, household, campaign, _ in drawn]
    redeemed = [
        _redeemed(moment, household, offer) for (moment, household, *_), offer in zip(drawn, offers, strict=True)
    ]
    moved = iter(clock.move_local([moment for moment in redeemed if moment is not None]))
    return VoucherAssignments(
        offers=offers,
        households=[household for _, household, _, _ in drawn],
        campaigns=[campaign for _, _, campaign, _ in drawn],
        sources=[assigned_by for *_, assigned_by in drawn],
        codes=[_code(number, offer) for number, offer in enumerate(offers, start=1)],
        assigned_at=clock.move_local([moment for moment, *_ in drawn]),
        redeemed_at=[None if moment is None else int(next(moved)) for moment in redeemed],
    )


def _offer(moment: datetime.datetime, household: int, campaign: int | None) -> VoucherList:
    open_lists = [offer for offer in LISTS if offer.opens_on <= moment.date() <= offer.closes_on]
    return draws.choose(open_lists, "offer", household, campaign)


def _redeemed(moment: datetime.datetime, household: int, offer: VoucherList) -> datetime.datetime | None:
    """Redeem some vouchers within three weeks, before their list expires and the data ends."""
    later = moment + datetime.timedelta(minutes=10 + draws.draw("redeemed", moment, household) % (21 * 24 * 60))
    last = min(_YEAR[1], (offer.expires_on or datetime.date.max) - _DAY)
    if later.date() > last or not draws.happens(REDEEMED, "redeemed", moment, household):
        return None
    return later


def _code(number: int, offer: VoucherList) -> str:
    """Make a code that is unique because it ends with the assignment's number."""
    bits = draws.draw("code", number, offer.partner, offer.list_tag)
    if offer.numeric:
        return f"{bits % 100_000:07d}{number:05d}"
    return f"{offer.partner[:3].upper()}-{bits % 0x10000:04X}-{number:05d}"
