/** The shapes of the Reports API, as `GET promo-reports/api/openapi.json` describes them.
 *
 * Times are ISO 8601 with the account's offset, days are `YYYY-MM-DD`, sizes are bytes. Addresses are relative to
 * `document.baseURI`.
 */

export interface Named {
  id: string;
  label: string;
}

/** Half-open `[start, end)`; `first` and `last` are its local days, both inside. `open`: rows may still arrive. */
export interface Window {
  start: string;
  end: string;
  first: string;
  last: string;
  open: boolean;
}

export type ExportStatus = "creating" | "created" | "failed" | "cancelled";
export type ReportStatus = "active" | "stopped";

export type ErrorCode =
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "cross_origin"
  | "unsupported_media_type"
  | "too_large"
  | "invalid"
  | "conflict"
  | "not_ready"
  | "expired"
  | "not_editable"
  | "unavailable"
  | "internal";

/** One thing wrong with what was sent; `path` is dotted: `filters.wallet`, `delivery[0].partner_export.bucket`. */
export interface Problem {
  path: string;
  message: string;
}

export interface ErrorBody {
  error: { status: number; code: ErrorCode; reason: string; fix: string; problems: Problem[] };
}

export interface Session {
  user: { id: string; name: string };
  timezone: string;
  week_starts_on: string;
  now: string;
  may_create: boolean;
  demo?: boolean;
}

export interface Choice {
  value: string;
  title: string;
}

export interface FilterInfo {
  name: string;
  title: string;
  description: string;
  select: "one" | "many" | "all";
  required: boolean;
  default_all: boolean;
  depends_on: string | null;
  choices: Choice[] | null; // null: ask for them
}

export interface ColumnInfo {
  name: string;
  type: string;
  description: string;
  unit: string | null;
  pii: boolean;
}

export interface ReportTypeInfo {
  id: string;
  title: string;
  promotion_type: string;
  description: string;
  date_range: "required" | "optional" | "none";
  max_months: number | null;
  may_create: boolean;
  filters: FilterInfo[];
  columns: ColumnInfo[];
}

export interface Partner {
  id: string;
  label: string;
  buckets: { name: string; address: string }[];
}

export interface Preset {
  id: string;
  label: string;
  months: number;
  first: string;
  last: string;
}

export interface FormInfo {
  promotion_types: Named[];
  report_types: ReportTypeInfo[];
  partners: Partner[];
  presets: Preset[];
  weekdays: Named[];
  default_delivery_time: string;
  rows_per_file: number;
  today: string;
  timezone: string;
  week_starts_on: string;
  broken: { file: string; reason: string }[];
}

export type Frequency = "one_time" | { interval: "daily" | "weekly"; delivery_day?: string; delivery_time?: string };
export type DateRange = string | { first: string; last: string } | { start: string; end: string };
export type Delivery = "download" | { partner_export: { partner: string; bucket: string; prefix?: string } };

/** What an engineer writes as YAML and the page posts. */
export interface Definition {
  name: string;
  report_type: string;
  filters: Record<string, string | string[]>;
  frequency: Frequency;
  date_range?: DateRange;
  delivery: Delivery[];
  timezone?: string;
  starts_on?: string;
}

export interface ConfigurationRow {
  key: string;
  label: string;
  value: string;
}

export interface Failure {
  reason: string;
  fix: string;
}

export type ExportAction = "retry" | "cancel" | "duplicate";
export type ReportAction = "stop" | "resume" | "delete" | "backfill" | "duplicate";

export interface ExportRow {
  id: number;
  name: string;
  report: { id: string; frequency: string } | null; // null: on demand
  origin: "git" | "page" | "api";
  report_type: Named;
  promotion_type: Named;
  status: ExportStatus;
  waiting: string | null; // why nothing moves
  created_by: string;
  created_at: string;
  window: Window | null;
  as_of: string | null;
  rows: number | null;
  bytes: number | null;
  started_at: string | null;
  seconds: number | null;
  progress: { written: number; counted: number } | null;
  failure: Failure | null;
  download: { url: string; name: string; bytes: number } | null;
  earlier: boolean; // rows, bytes, window and file are those of an attempt before, which are still there
  actions: ExportAction[];
}

export interface FileMember {
  name: string;
  rows: number;
  bytes: number;
  first: string | null;
  last: string | null;
}

export interface ExportFile extends FileMember {
  sha256: string;
  members: FileMember[];
}

export interface Destination {
  title: string;
  delivered: boolean;
  manifest: string | null;
  failure: Failure | null;
}

export interface ExportDetail extends ExportRow {
  configuration: ConfigurationRow[];
  /** Null where it is gone or broken: there is nothing to duplicate. */
  definition: Definition | null;
  ended_at: string | null;
  attempt: number;
  step: "waiting" | "extract" | "deliver" | null;
  trigger: "schedule" | "backfill" | "page" | "manual";
  destinations: Destination[];
  files: ExportFile[];
  facts: ConfigurationRow[];
  manifest: string | null;
  airflow: { run: string; dag: string } | null;
}

export interface Stopped {
  how: "stopped" | "deleted" | "paused" | "removed" | "broken";
  since: string | null;
  by: string | null;
  reason: string;
}

export interface ReportRow {
  id: string;
  name: string;
  origin: "git" | "page";
  report_type: Named;
  promotion_type: Named;
  status: ReportStatus;
  stopped: Stopped | null;
  pending: boolean; // Airflow does not have its DAG yet, or no more
  pending_reason: string | null;
  created_by: string;
  created_at: string;
  frequency: "daily" | "weekly" | "one_time";
  schedule: string;
  next_delivery: string | null;
  last_export: { id: number; status: ExportStatus } | null;
  actions: ReportAction[];
}

export interface Upcoming {
  due: string;
  window: Window;
}

export interface ReportDetail extends ReportRow {
  configuration: ConfigurationRow[];
  /** Null where it is gone or broken: there is nothing to duplicate. */
  definition: Definition | null;
  history: { at: string; by: string; what: "stopped" | "resumed" | "deleted" }[];
  upcoming: Upcoming[];
  /** Times between deliveries that no window covers. */
  uncovered: Window[];
  airflow: { dag: string } | null;
}

/** One page of a list; `next` and `previous` are cursors, `total` counts every page. */
export interface Page<T> {
  items: T[];
  next: string | null;
  previous: string | null;
  total: number;
}

export interface Choices {
  choices: Choice[]; // at most 200
  total: number;
}

export interface Described {
  sentence: string;
  window: Window | null;
  as_of: string | null;
  upcoming: Upcoming[];
}

export interface Preview {
  columns: { name: string; type: string }[];
  rows: (string | null)[][];
  counted: number;
  excluded: number;
  totals: { name: string; sum: string }[];
  groups: {
    by: string;
    items: { value: string; rows: number; sums: { name: string; sum: string }[] }[];
  } | null;
  window: Window | null;
  as_of: string | null;
  file: string;
}

/** What `POST reports` made: an export or a recurring report. */
export interface Created {
  message: string;
  export: ExportRow | null;
  report: ReportRow | null;
}

/** `makes`: whether a run exports it; `makes_again`: whether one does that exports windows again. */
export interface PastWindow {
  makes: boolean;
  makes_again: boolean;
  window: Window;
  due: string;
  export: { id: number; status: ExportStatus } | null;
}

export interface PastWindows {
  windows: PastWindow[];
  unfinished: number;
}
