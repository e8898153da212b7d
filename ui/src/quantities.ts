const whole = new Intl.NumberFormat("en-GB");
const tenth = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });

/** "1,234,567" */
export const number = (value: number): string => whole.format(value);

/** "1 row", "1,234,567 rows" */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${whole.format(value)} ${value === 1 ? one : many}`;

/** "512 bytes", "1.5 MB": decimal units, as object stores count. */
export function size(bytes: number): string {
  if (bytes < 1000) {
    return counted(bytes, "byte");
  }
  let value = bytes;
  let unit = "";
  for (const next of ["kB", "MB", "GB", "TB"]) {
    value /= 1000;
    unit = next;
    if (value < 999.95) {
      break;
    }
  }
  return `${tenth.format(value)} ${unit}`;
}
