/** Columns appear as the screen allows; what has no column yet is read under the name. */
export const WIDE = { base: "none", lg: "table-cell" };
export const MIDDLE = { base: "none", md: "table-cell" };
