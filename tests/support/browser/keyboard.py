"""A page without a mouse: Tab until the wanted control has the focus, then keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from playwright.sync_api import Locator, Page, expect

MANY = 200
"""Presses after which a control counts as out of reach."""


class Keyboard:
    """Keys on a page. Every `reach` begins where the focus is, as a person's would."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def reach(self, name: str, *roles: str) -> Keyboard:
        """Tab to a control by its role and the beginning of its name."""
        return self._until_focused(self._controls(name, roles), "Tab")

    def reach_radio(self, name: str) -> Keyboard:
        """Tab into a group of radio buttons, then go to the named one by arrow keys, which marks it."""
        wanted = self._controls(name, ["radio"])
        group = self._page.get_by_role("radiogroup").filter(has=wanted)
        self._until_focused(group.get_by_role("radio"), "Tab")
        self.press("Space")
        return self._until_focused(wanted, "ArrowDown")

    def pick(self, option: str) -> None:
        """Choose in the select or the searching combobox that has the focus."""
        focused = self._page.locator("*:focus")
        if focused.evaluate("each => each.tagName") == "SELECT":
            self._until(lambda: bool(focused.evaluate("each => each.selectedOptions[0].label") == option), "ArrowDown")
            return
        self.type(option)
        wanted = self._page.get_by_role("option", name=re.compile(rf"^{re.escape(option)}\b")).first
        expect(wanted).to_be_visible()
        place = wanted.get_attribute("id")
        self._until(lambda: focused.get_attribute("aria-activedescendant") == place, "ArrowDown")
        self.press("Enter")
        expect(wanted).to_be_hidden()

    def _controls(self, name: str, roles: Sequence[str]) -> Locator:
        named = re.compile(rf"^{re.escape(name)}\b")
        first, *others = (self._page.get_by_role(role, name=named) for role in roles)  # type: ignore[arg-type]
        for other in others:
            first = first.or_(other)
        return first

    def _until_focused(self, wanted: Locator, key: str) -> Keyboard:
        expect(wanted.first).to_be_attached()
        self._until(lambda: bool(wanted.evaluate_all("all => all.includes(document.activeElement)")), key)
        return self

    def _until(self, done: Callable[[], bool], key: str) -> None:
        for _ in range(MANY):
            if done():
                return
            self.press(key)
        raise AssertionError(f"{MANY} times {key} did not lead there")
