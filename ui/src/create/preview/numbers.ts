/** Numbers of the API as text: grouped for reading, never through a float, which would damage long decimals. */

/** "-1234567.80" as "-1,234,567.80"; anything that is not a plain number stays as it is. */
export const grouped = (number: string): string => {
  const parts = /^(-?)(\d+)(\.\d+)?$/.exec(number);
  if (parts === null) return number;
  const [, sign = "", whole = "", fraction = ""] = parts;
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + fraction;
};

export const isNumeric = (type: string): boolean => type === "decimal" || type === "integer";
