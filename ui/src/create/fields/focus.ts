const CONTROLS = "input, select, textarea, button";
const SKIPPED = ":disabled, [tabindex='-1'], [type='radio']:not(:checked)";

/** Focuses the first invalid control of a field, or its first, so that screen readers read label and problem. */
export const focusField = (page: HTMLElement | null, field: string): void => {
  const place = page?.querySelector(`[data-field="${CSS.escape(field)}"]`);
  const controls = Array.from(place?.querySelectorAll<HTMLElement>(CONTROLS) ?? []);
  const open = controls.filter((control) => !control.matches(SKIPPED));
  const control = open.find((each) => each.matches("[aria-invalid='true']")) ?? open[0] ?? controls[0];
  control?.focus({ preventScroll: true });
  (control ?? place)?.scrollIntoView({ block: "center" });
};
