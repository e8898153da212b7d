/** Generated from the OpenAPI description of the Reports API by `make ui-types`; do not edit. */

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AirflowLinks
         * @description Paths of Airflow's own pages, relative to its base URL.
         */
        AirflowLinks: {
            /** Run */
            run: string | null;
            /** Dag */
            dag: string;
        };
        /**
         * Backfill
         * @description A backfill; `again` includes windows that were exported before.
         */
        Backfill: {
            /**
             * First
             * Format: date
             */
            first: string;
            /**
             * Last
             * Format: date
             */
            last: string;
            /**
             * Again
             * @default false
             */
            again?: boolean;
        };
        /**
         * BackfillStarted
         * @description How many windows are being exported.
         */
        BackfillStarted: {
            /** Message */
            message: string;
            /** Windows */
            windows: number;
        };
        /**
         * BrokenFile
         * @description A report type that cannot be used, and why.
         */
        BrokenFile: {
            /** File */
            file: string;
            /** Reason */
            reason: string;
        };
        /**
         * BucketShown
         * @description A connected bucket and the address below which files are written.
         */
        BucketShown: {
            /**
             * Name
             * @description what definitions name it by: the id that the account has for it, or its name
             */
            name: string;
            /** Address */
            address: string;
            /**
             * Frequencies
             * @description those of the reports that it takes; its folder tells their exports apart
             * @default [
             *       "one_time",
             *       "daily",
             *       "weekly"
             *     ]
             */
            frequencies: components["schemas"]["Frequency"][];
        };
        /**
         * CheckState
         * @description `NOT_CHECKED` says that nothing is known, and why.
         * @enum {string}
         */
        CheckState: "ok" | "problem" | "not checked";
        /**
         * CheckedStep
         * @description One step of a check, and one sentence: what was seen, or what is wrong and what to do about it.
         */
        CheckedStep: {
            /** Name */
            name: string;
            state: components["schemas"]["CheckState"];
            /** Sentence */
            sentence: string;
        };
        /**
         * ChoiceShown
         * @description A value and the words for it.
         */
        ChoiceShown: {
            /** Value */
            value: string;
            /** Title */
            title: string;
        };
        /**
         * Choices
         * @description The first choices of a filter, and how many there are.
         */
        Choices: {
            /** Choices */
            choices: components["schemas"]["ChoiceShown"][];
            /** Total */
            total: number;
        };
        /**
         * ColumnShown
         * @description A column of the file.
         */
        ColumnShown: {
            /** Name */
            name: string;
            /** Type */
            type: string;
            /** Description */
            description: string;
            /** Unit */
            unit: string | null;
            /** Pii */
            pii: boolean;
            /**
             * Masks
             * @description what a definition may make of it under personal_data; none where it identifies nobody
             * @default []
             */
            masks: components["schemas"]["ChoiceShown"][];
        };
        /**
         * Created
         * @description What was created: an export, or a recurring report.
         */
        Created: {
            /** Message */
            message: string;
            export: components["schemas"]["ExportRow"] | null;
            report: components["schemas"]["ReportRow"] | null;
        };
        /**
         * Creators
         * @description The creators of what is listed.
         */
        Creators: {
            /** Creators */
            creators: string[];
        };
        /**
         * DateRangeRule
         * @description Whether a report covers a window (`required`, `optional`) or is a snapshot (`none`).
         * @enum {string}
         */
        DateRangeRule: "required" | "optional" | "none";
        /**
         * Days
         * @description Local days, first and last both included, in which windows start.
         */
        Days: {
            /**
             * First
             * Format: date
             */
            first: string;
            /**
             * Last
             * Format: date
             */
            last: string;
        };
        /**
         * DaysForm
         * @description Local days, both ends included.
         */
        DaysForm: {
            /**
             * First
             * Format: date
             * @description first day
             * @example 2026-01-01
             */
            first: string;
            /**
             * Last
             * Format: date
             * @description last day, included
             * @example 2026-01-31
             */
            last: string;
        };
        /**
         * DefinitionBody
         * @description A definition as an engineer writes it (docs/definitions.md), without `id` and `owner`.
         *
         *     Its rules are those of the YAML files: the same model checks it (docs/schemas/definition.schema.json), with the
         *     report type's rules, so that all problems are answered together. The description has the keys of that model.
         * @example {
         *       "date_range": "past_week",
         *       "delivery": [
         *         "download"
         *       ],
         *       "filters": {
         *         "transaction_type": [
         *           "credit",
         *           "debit"
         *         ],
         *         "wallet": "fuel-points"
         *       },
         *       "frequency": "one_time",
         *       "name": "Weekly audit",
         *       "report_type": "wallet_transactions"
         *     }
         */
        DefinitionBody: {
            /**
             * Name
             * @description what people see in lists and forms
             * @example Daily Wallet Transactions
             */
            name?: string | null;
            /**
             * Report Type
             * @description a file of report_types/
             * @example wallet_transactions
             */
            report_type?: string | null;
            /** @description the module; optional, since the report type tells it, but it must fit */
            promotion_type?: components["schemas"]["PromotionType"] | null;
            /**
             * Filters
             * @description what to report on: a value, a list of values or `all`, by the report type's filter names
             * @example {
             *       "transaction_type": [
             *         "credit",
             *         "expired"
             *       ],
             *       "wallet": "grocery-rewards"
             *     }
             */
            filters?: {
                [key: string]: string | string[];
            } | null;
            /**
             * Frequency
             * @description once, or on a schedule
             * @example one_time
             * @example {
             *       "interval": "daily"
             *     }
             * @example {
             *       "delivery_day": "monday",
             *       "interval": "weekly"
             *     }
             */
            frequency?: ("one_time" | components["schemas"]["RecurringForm"]) | null;
            /**
             * Date Range
             * @description one-time reports only: a preset, local days, or instants
             * @example past_month
             * @example {
             *       "first": "2026-01-01",
             *       "last": "2026-01-31"
             *     }
             */
            date_range?: (components["schemas"]["Preset"] | components["schemas"]["DaysForm"] | components["schemas"]["InstantsForm"]) | null;
            /**
             * Delivery
             * @description where the export goes, and in which shape; a recurring report needs a partner_export
             * @example [
             *       "download",
             *       {
             *         "partner_export": {
             *           "bucket": "bi-exports",
             *           "partner": "amazon_s3"
             *         }
             *       }
             *     ]
             */
            delivery?: ("download" | components["schemas"]["ShapedDownloadForm"] | components["schemas"]["DeliveryForm"])[] | null;
            /**
             * Format
             * @description the format of deliveries that name none; csv where absent, as a ZIP beyond the row limit
             * @example csv
             */
            format?: ("csv" | "csv_gz" | "parquet") | null;
            /**
             * Csv Safety
             * @description what text cells become in deliveries that do not say it; where absent, spreadsheet for a download and raw for a bucket
             * @example raw
             */
            csv_safety?: ("raw" | "spreadsheet") | null;
            /**
             * Personal Data
             * @description what becomes of columns that identify a person, by their names; clear where absent
             * @example {
             *       "user_id": "hashed"
             *     }
             */
            personal_data?: {
                [key: string]: "clear" | "last_four" | "hashed" | "dropped";
            } | null;
            /**
             * Timezone
             * @description pins a timezone of its own; the account's where absent
             * @example America/New_York
             */
            timezone?: string | null;
            /**
             * Starts On
             * @description recurring reports only: no delivery before this local day
             * @example 2026-01-01
             */
            starts_on?: string | null;
        };
        /**
         * DeliveryForm
         * @description One destination in a bucket.
         */
        DeliveryForm: {
            /** @description push the files to a connected bucket */
            partner_export: components["schemas"]["PartnerExportForm"];
        };
        /**
         * DeliveryShown
         * @description One upcoming delivery.
         */
        DeliveryShown: {
            /**
             * Due
             * Format: date-time
             */
            due: string;
            window: components["schemas"]["WindowShown"];
        };
        /**
         * DescribedDefinition
         * @description A definition in words, with its window and next deliveries.
         */
        DescribedDefinition: {
            /** Sentence */
            sentence: string;
            window: components["schemas"]["WindowShown"] | null;
            /** As Of */
            as_of: string | null;
            /** Upcoming */
            upcoming: components["schemas"]["DeliveryShown"][];
        };
        /**
         * DestinationChecked
         * @description A check of a destination, as this api-server sees it; `ok` if no step found a problem.
         */
        DestinationChecked: {
            /** Id */
            id: string;
            /** Ok */
            ok: boolean;
            /** Steps */
            steps: components["schemas"]["CheckedStep"][];
        };
        /**
         * DestinationConnected
         * @description A destination of the account.
         */
        DestinationConnected: {
            /**
             * Id
             * @description download, or the partner and the bucket's id: amazon_s3:bi-exports
             */
            id: string;
            /**
             * Label
             * @description the name of its kind
             */
            label: string;
            /** Address */
            address: string;
            /**
             * Connection
             * @description the Airflow connection with its credentials; a directory has none
             */
            connection: string | null;
        };
        /**
         * DestinationShown
         * @description One destination of an export, and whether it was delivered there.
         */
        DestinationShown: {
            /** Title */
            title: string;
            /** Delivered */
            delivered: boolean;
            /**
             * Manifest
             * @description address of the manifest at the destination
             */
            manifest: string | null;
            failure: components["schemas"]["Failure"] | null;
        };
        /**
         * DestinationsConnected
         * @description Every destination of the account: the download area first.
         */
        DestinationsConnected: {
            /** Items */
            items: components["schemas"]["DestinationConnected"][];
        };
        /**
         * DownloadForm
         * @description The shape of the file in the download area.
         */
        DownloadForm: {
            /**
             * Format
             * @description the format of its files; the report's where absent
             * @example csv
             */
            format?: ("csv" | "csv_gz" | "parquet") | null;
            /**
             * Csv Safety
             * @description what its text cells become; as the report says where absent
             * @example raw
             */
            csv_safety?: ("raw" | "spreadsheet") | null;
        };
        /**
         * DownloadShown
         * @description A file in the download area; `url` is relative to Airflow's base URL.
         */
        DownloadShown: {
            /** Url */
            url: string;
            /** Name */
            name: string;
            /** Bytes */
            bytes: number;
        };
        /**
         * Error
         * @description What was refused.
         */
        Error: {
            /** Status */
            status: number;
            code: components["schemas"]["ErrorCode"];
            /** Reason */
            reason: string;
            /** Fix */
            fix: string;
            /** Problems */
            problems: components["schemas"]["Problem"][];
        };
        /**
         * ErrorAnswer
         * @description Every refusal has this shape.
         */
        ErrorAnswer: {
            error: components["schemas"]["Error"];
        };
        /**
         * ErrorCode
         * @description Why a request was refused (docs/api.md, Errors).
         * @enum {string}
         */
        ErrorCode: "unauthenticated" | "forbidden" | "cross_origin" | "not_found" | "not_allowed" | "conflict" | "not_ready" | "not_editable" | "expired" | "replaced" | "too_large" | "unsupported_media_type" | "range_not_satisfiable" | "invalid" | "too_many" | "internal" | "unavailable";
        /**
         * EstimateShown
         * @description What an export would be like: its rows, counted; its files, estimated from the last exports of the type.
         */
        EstimateShown: {
            /**
             * Rows
             * @description null where they could not be counted in time, as the sentence says
             */
            rows: number | null;
            /** Files */
            files: components["schemas"]["FileEstimateShown"][];
            /**
             * Seconds
             * @description about, where it takes a minute or longer as far as is known
             */
            seconds: number | null;
            /** Sentence */
            sentence: string;
            /**
             * Basis
             * @description what the estimate is derived from; empty where nothing was estimated
             * @default
             */
            basis: string;
            window: components["schemas"]["WindowShown"] | null;
            /** As Of */
            as_of: string | null;
        };
        /**
         * ExportAction
         * @description An action on an export.
         * @enum {string}
         */
        ExportAction: "retry" | "cancel" | "duplicate";
        /**
         * ExportDetail
         * @description The details of one export.
         */
        ExportDetail: {
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** @description null for an export on demand */
            report: components["schemas"]["RegisteredReport"] | null;
            origin: components["schemas"]["ExportOrigin"];
            report_type: components["schemas"]["Named"];
            promotion_type: components["schemas"]["Named"];
            status: components["schemas"]["ExportStatus"];
            /**
             * Waiting
             * @description why nothing moves, where that is known
             */
            waiting: string | null;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            window: components["schemas"]["WindowShown"] | null;
            /** As Of */
            as_of: string | null;
            /** Rows */
            rows: number | null;
            /** Bytes */
            bytes: number | null;
            /** Started At */
            started_at: string | null;
            /**
             * Seconds
             * @description from its first task's start to its end; null while it is open
             */
            seconds: number | null;
            progress: components["schemas"]["ProgressShown"] | null;
            failure: components["schemas"]["Failure"] | null;
            download: components["schemas"]["DownloadShown"] | null;
            /**
             * Earlier
             * @description rows, bytes, as_of, files and download are those of an earlier attempt, which are still there: the newest attempt is being made, failed or was cancelled
             */
            earlier: boolean;
            /**
             * Actions
             * @description what the caller may do now
             */
            actions: components["schemas"]["ExportAction"][];
            /** Configuration */
            configuration: components["schemas"]["Row"][];
            /**
             * Definition
             * @description what a new report like it is created from; null where it is gone or broken
             */
            definition: {
                [key: string]: unknown;
            } | null;
            /** Ended At */
            ended_at: string | null;
            /** Attempt */
            attempt: number;
            /** @description null once it has ended */
            step: components["schemas"]["ExportStep"] | null;
            trigger: components["schemas"]["ExportTrigger"];
            /** Destinations */
            destinations: components["schemas"]["DestinationShown"][];
            /** Files */
            files: components["schemas"]["FileShown"][];
            /** Facts */
            facts: components["schemas"]["Row"][];
            /** Manifest */
            manifest: string | null;
            airflow: components["schemas"]["AirflowLinks"] | null;
        };
        /**
         * ExportOrigin
         * @description Where the definition of an export came from.
         * @enum {string}
         */
        ExportOrigin: "git" | "page" | "api";
        /**
         * ExportRow
         * @description One export in a list.
         */
        ExportRow: {
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** @description null for an export on demand */
            report: components["schemas"]["RegisteredReport"] | null;
            origin: components["schemas"]["ExportOrigin"];
            report_type: components["schemas"]["Named"];
            promotion_type: components["schemas"]["Named"];
            status: components["schemas"]["ExportStatus"];
            /**
             * Waiting
             * @description why nothing moves, where that is known
             */
            waiting: string | null;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            window: components["schemas"]["WindowShown"] | null;
            /** As Of */
            as_of: string | null;
            /** Rows */
            rows: number | null;
            /** Bytes */
            bytes: number | null;
            /** Started At */
            started_at: string | null;
            /**
             * Seconds
             * @description from its first task's start to its end; null while it is open
             */
            seconds: number | null;
            progress: components["schemas"]["ProgressShown"] | null;
            failure: components["schemas"]["Failure"] | null;
            download: components["schemas"]["DownloadShown"] | null;
            /**
             * Earlier
             * @description rows, bytes, as_of, files and download are those of an earlier attempt, which are still there: the newest attempt is being made, failed or was cancelled
             */
            earlier: boolean;
            /**
             * Actions
             * @description what the caller may do now
             */
            actions: components["schemas"]["ExportAction"][];
        };
        /**
         * ExportSort
         * @description Sort keys of the list of exports.
         * @enum {string}
         */
        ExportSort: "name" | "promotion_type" | "status" | "created_by" | "created_at";
        /**
         * ExportStatus
         * @description The status of an export.
         * @enum {string}
         */
        ExportStatus: "creating" | "created" | "failed" | "cancelled";
        /**
         * ExportStep
         * @description The current step of an open export.
         * @enum {string}
         */
        ExportStep: "waiting" | "extract" | "deliver";
        /**
         * ExportTrigger
         * @description What started an export.
         * @enum {string}
         */
        ExportTrigger: "schedule" | "backfill" | "page" | "manual";
        /**
         * Failure
         * @description Why an export failed, and what to do.
         */
        Failure: {
            /** Reason */
            reason: string;
            /**
             * Fix
             * @default
             */
            fix: string;
        };
        /**
         * FileEstimateShown
         * @description A file of an export that is not made yet.
         */
        FileEstimateShown: {
            /** @description null: no file of the format that was asked for holds so many rows */
            format: components["schemas"]["Named"] | null;
            /**
             * Parts
             * @description CSVs in a ZIP, else 1; 0 where there will be no file
             */
            parts: number;
            /**
             * Bytes
             * @description about; null where no earlier export of the type had this format
             */
            bytes: number | null;
        };
        /**
         * FileShown
         * @description A delivered file.
         */
        FileShown: {
            /** Name */
            name: string;
            /** Rows */
            rows: number;
            /** Bytes */
            bytes: number;
            /** First */
            first: string | null;
            /** Last */
            last: string | null;
            /** Sha256 */
            sha256: string;
            /** Members */
            members: components["schemas"]["MemberShown"][];
        };
        /**
         * FilterShown
         * @description A filter of a report type; `choices` is None where they come from the promo database.
         */
        FilterShown: {
            /** Name */
            name: string;
            /**
             * Kind
             * @description choice; of any other kind, a text that the kind reads is a value
             * @default choice
             */
            kind: string;
            /** Title */
            title: string;
            /** Description */
            description: string;
            select: components["schemas"]["Select"];
            /** Required */
            required: boolean;
            /** Default All */
            default_all: boolean;
            /** Depends On */
            depends_on: string | null;
            /** Choices */
            choices: components["schemas"]["ChoiceShown"][] | null;
        };
        /**
         * FormInfo
         * @description The form's choices, except those from the promo database.
         */
        FormInfo: {
            /** Promotion Types */
            promotion_types: components["schemas"]["Named"][];
            /** Report Types */
            report_types: components["schemas"]["ReportTypeShown"][];
            /** Partners */
            partners: components["schemas"]["PartnerShown"][];
            /**
             * Formats
             * @description of the files; the first is that of a definition that names none
             * @default []
             */
            formats: components["schemas"]["Named"][];
            /** Presets */
            presets: components["schemas"]["PresetShown"][];
            /** Weekdays */
            weekdays: components["schemas"]["Named"][];
            /** Default Delivery Time */
            default_delivery_time: string;
            /** Rows Per File */
            rows_per_file: number;
            /**
             * Today
             * Format: date
             */
            today: string;
            /** Timezone */
            timezone: string;
            /** Week Starts On */
            week_starts_on: string;
            /** Broken */
            broken: components["schemas"]["BrokenFile"][];
        };
        /**
         * Frequency
         * @description How often a report is exported: once, or at an interval.
         * @enum {string}
         */
        Frequency: "one_time" | "daily" | "weekly";
        /**
         * Group
         * @description Rows and sums of one value.
         */
        Group: {
            /** Value */
            value: string;
            /** Rows */
            rows: number;
            /** Sums */
            sums: components["schemas"]["Sum"][];
        };
        /**
         * Groups
         * @description The totals by a column's values.
         */
        Groups: {
            /** By */
            by: string;
            /** Items */
            items: components["schemas"]["Group"][];
        };
        /**
         * InstantsForm
         * @description Absolute half-open window `[start, end)`.
         */
        InstantsForm: {
            /**
             * Start
             * Format: date-time
             * @description first instant, with offset
             * @example 2026-01-01T00:00:00-05:00
             */
            start: string;
            /**
             * End
             * Format: date-time
             * @description first instant after the window
             * @example 2026-02-01T00:00:00-05:00
             */
            end: string;
        };
        /**
         * Interval
         * @description How often a recurring report is delivered.
         * @enum {string}
         */
        Interval: "daily" | "weekly";
        /**
         * LastExport
         * @description The newest export of a report.
         */
        LastExport: {
            /** Id */
            id: number;
            status: components["schemas"]["ExportStatus"];
        };
        /**
         * Mark
         * @description One change of a report.
         */
        Mark: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** By */
            by: string;
            what: components["schemas"]["ReportChange"];
        };
        /**
         * MemberShown
         * @description A CSV in a ZIP.
         */
        MemberShown: {
            /** Name */
            name: string;
            /** Rows */
            rows: number;
            /** Bytes */
            bytes: number;
            /** First */
            first: string | null;
            /** Last */
            last: string | null;
        };
        /**
         * Named
         * @description An id and its label.
         */
        Named: {
            /** Id */
            id: string;
            /** Label */
            label: string;
        };
        /**
         * Nothing
         * @description The empty body of a command: `{}`.
         */
        Nothing: Record<string, never>;
        /**
         * Order
         * @description The direction of a sort; both break ties by the row's id in the same direction.
         * @enum {string}
         */
        Order: "asc" | "desc";
        /** Page[ExportRow] */
        Page_ExportRow_: {
            /** Items */
            items: components["schemas"]["ExportRow"][];
            /** Next */
            next: string | null;
            /** Previous */
            previous: string | null;
            /** Total */
            total: number;
        };
        /** Page[ReportRow] */
        Page_ReportRow_: {
            /** Items */
            items: components["schemas"]["ReportRow"][];
            /** Next */
            next: string | null;
            /** Previous */
            previous: string | null;
            /** Total */
            total: number;
        };
        /**
         * PartnerExportForm
         * @description A connected bucket of include/account.yaml, and the shape of the files in it.
         */
        PartnerExportForm: {
            /**
             * Partner
             * @description the cloud storage provider
             * @enum {string}
             */
            partner: "amazon_s3" | "google_cloud_storage" | "azure_blob" | "sftp";
            /**
             * Bucket
             * @description a bucket that include/account.yaml connects
             */
            bucket: string;
            /**
             * Prefix
             * @description written below it, inside the bucket's own prefix
             * @default
             */
            prefix?: string;
            /**
             * Format
             * @description the format of its files; the report's where absent
             * @example csv
             */
            format?: ("csv" | "csv_gz" | "parquet") | null;
            /**
             * Csv Safety
             * @description what its text cells become; as the report says where absent
             * @example spreadsheet
             */
            csv_safety?: ("raw" | "spreadsheet") | null;
        };
        /**
         * PartnerShown
         * @description A cloud storage provider with its connected buckets.
         */
        PartnerShown: {
            /** Id */
            id: string;
            /** Label */
            label: string;
            /** Buckets */
            buckets: components["schemas"]["BucketShown"][];
        };
        /**
         * PastWindow
         * @description A window, its newest export, and whether a backfill exports it, without and with `again`.
         */
        PastWindow: {
            /**
             * Due
             * Format: date-time
             */
            due: string;
            window: components["schemas"]["WindowShown"];
            export: components["schemas"]["LastExport"] | null;
            /** Makes */
            makes: boolean;
            /** Makes Again */
            makes_again: boolean;
        };
        /**
         * PastWindows
         * @description The windows of some days that have ended, oldest first, and how many have not.
         */
        PastWindows: {
            /** Windows */
            windows: components["schemas"]["PastWindow"][];
            /** Unfinished */
            unfinished: number;
        };
        /**
         * Preset
         * @description The date ranges of the product spec, by their key in a definition.
         * @enum {string}
         */
        Preset: "yesterday" | "today" | "past_7_days" | "past_week" | "past_2_weeks" | "past_3_weeks" | "past_month" | "past_2_months" | "past_3_months";
        /**
         * PresetShown
         * @description A named date range and its current first and last local day, both included.
         */
        PresetShown: {
            id: components["schemas"]["Preset"];
            /** Label */
            label: string;
            /** Months */
            months: number;
            /**
             * First
             * Format: date
             */
            first: string;
            /**
             * Last
             * Format: date
             */
            last: string;
        };
        /**
         * PreviewColumn
         * @description A column of the preview.
         */
        PreviewColumn: {
            /** Name */
            name: string;
            /** Type */
            type: string;
            /**
             * Mask
             * @description what its cells are here, clear ones aside: last_four or hashed
             */
            mask: string | null;
        };
        /**
         * PreviewShown
         * @description The first rows of the file, and what the database counts of all of it.
         */
        PreviewShown: {
            /** Columns */
            columns: components["schemas"]["PreviewColumn"][];
            /**
             * Rows
             * @description NULL is null, the empty text is empty
             */
            rows: (string | null)[][];
            /** Counted */
            counted: number;
            /** Excluded */
            excluded: number;
            /** Totals */
            totals: components["schemas"]["Sum"][];
            groups: components["schemas"]["Groups"] | null;
            window: components["schemas"]["WindowShown"] | null;
            /** As Of */
            as_of: string | null;
            /**
             * File
             * @description one CSV, or a ZIP of so many
             */
            file: string;
        };
        /**
         * Problem
         * @description One broken rule, at the dotted key of the body.
         */
        Problem: {
            /** Path */
            path: string;
            /** Message */
            message: string;
        };
        /**
         * ProgressShown
         * @description Rows written of rows counted by the database.
         */
        ProgressShown: {
            /** Written */
            written: number;
            /** Counted */
            counted: number;
        };
        /**
         * PromotionType
         * @description The modules of the product, by their key.
         * @enum {string}
         */
        PromotionType: "loyalty_wallet" | "partner_vouchers" | "promo_campaigns";
        /**
         * RecurringForm
         * @description Delivered every day, or every week on one day.
         */
        RecurringForm: {
            /** @description how often */
            interval: components["schemas"]["Interval"];
            /**
             * Delivery Day
             * @description weekly: the day of the delivery
             */
            delivery_day?: ("monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday") | null;
            /**
             * Delivery Time
             * @description local time of the delivery, 06:00 where absent; quote it
             * @example 06:00
             */
            delivery_time?: string | null;
        };
        /**
         * RegisteredReport
         * @description The report that an export belongs to.
         */
        RegisteredReport: {
            /** Id */
            id: string;
            frequency: components["schemas"]["Frequency"];
        };
        /**
         * ReportAction
         * @description An action on a recurring report.
         * @enum {string}
         */
        ReportAction: "stop" | "resume" | "delete" | "backfill" | "duplicate";
        /**
         * ReportChange
         * @description A change of a recurring report.
         * @enum {string}
         */
        ReportChange: "stopped" | "resumed" | "deleted";
        /**
         * ReportDetail
         * @description The details of one report.
         */
        ReportDetail: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            origin: components["schemas"]["ReportOrigin"];
            report_type: components["schemas"]["Named"];
            promotion_type: components["schemas"]["Named"];
            status: components["schemas"]["ReportStatus"];
            stopped: components["schemas"]["Stopped"] | null;
            /**
             * Pending
             * @description registered, but Airflow does not have its DAG yet, or no more
             */
            pending: boolean;
            /**
             * Pending Reason
             * @description why Airflow does not have its DAG, and when it will
             */
            pending_reason: string | null;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            frequency: components["schemas"]["Frequency"];
            /** Schedule */
            schedule: string;
            /** Next Delivery */
            next_delivery: string | null;
            last_export: components["schemas"]["LastExport"] | null;
            /**
             * Actions
             * @description what the caller may do now
             */
            actions: components["schemas"]["ReportAction"][];
            /** Configuration */
            configuration: components["schemas"]["Row"][];
            /**
             * Definition
             * @description null where it is gone or broken
             */
            definition: {
                [key: string]: unknown;
            } | null;
            /** History */
            history: components["schemas"]["Mark"][];
            /**
             * Upcoming
             * @description the next deliveries, as the scheduler goes on from the last
             */
            upcoming: components["schemas"]["DeliveryShown"][];
            /**
             * Uncovered
             * @description times between the latest deliveries, and up to the next one, that no window covers
             */
            uncovered: components["schemas"]["WindowShown"][];
            airflow: components["schemas"]["AirflowLinks"] | null;
        };
        /**
         * ReportOrigin
         * @description Where the definition of a report is stored.
         * @enum {string}
         */
        ReportOrigin: "git" | "page";
        /**
         * ReportRow
         * @description One report in the list.
         */
        ReportRow: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            origin: components["schemas"]["ReportOrigin"];
            report_type: components["schemas"]["Named"];
            promotion_type: components["schemas"]["Named"];
            status: components["schemas"]["ReportStatus"];
            stopped: components["schemas"]["Stopped"] | null;
            /**
             * Pending
             * @description registered, but Airflow does not have its DAG yet, or no more
             */
            pending: boolean;
            /**
             * Pending Reason
             * @description why Airflow does not have its DAG, and when it will
             */
            pending_reason: string | null;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            frequency: components["schemas"]["Frequency"];
            /** Schedule */
            schedule: string;
            /** Next Delivery */
            next_delivery: string | null;
            last_export: components["schemas"]["LastExport"] | null;
            /**
             * Actions
             * @description what the caller may do now
             */
            actions: components["schemas"]["ReportAction"][];
        };
        /**
         * ReportSort
         * @description Sort keys of the list of recurring reports.
         * @enum {string}
         */
        ReportSort: "name" | "promotion_type" | "status" | "created_by" | "created_at" | "frequency";
        /**
         * ReportStatus
         * @description The status of a recurring report.
         * @enum {string}
         */
        ReportStatus: "active" | "stopped";
        /**
         * ReportTypeShown
         * @description A report type that the caller may see.
         */
        ReportTypeShown: {
            /** Id */
            id: string;
            /** Title */
            title: string;
            /** Promotion Type */
            promotion_type: string;
            /** Description */
            description: string;
            /** @description none: a snapshot */
            date_range: components["schemas"]["DateRangeRule"];
            /** Max Months */
            max_months: number | null;
            /** May Create */
            may_create: boolean;
            /** Filters */
            filters: components["schemas"]["FilterShown"][];
            /** Columns */
            columns: components["schemas"]["ColumnShown"][];
        };
        /**
         * Row
         * @description One labelled value.
         */
        Row: {
            /** Key */
            key: string;
            /** Label */
            label: string;
            /** Value */
            value: string;
        };
        /**
         * Select
         * @description How many values of a filter a definition names: exactly one, at least one, or any (none named means all).
         * @enum {string}
         */
        Select: "one" | "many" | "all";
        /**
         * Session
         * @description The caller and the account.
         */
        Session: {
            user: components["schemas"]["User"];
            /** Timezone */
            timezone: string;
            /** Week Starts On */
            week_starts_on: string;
            /**
             * Now
             * Format: date-time
             */
            now: string;
            /**
             * May Create
             * @description whether some report type may be exported
             */
            may_create: boolean;
            /**
             * May Check Destinations
             * @description whether they are an operator
             * @default false
             */
            may_check_destinations: boolean;
        };
        /**
         * ShapedDownloadForm
         * @description The download area, with a shape of its own.
         */
        ShapedDownloadForm: {
            /** @description let the file wait in the download area */
            download: components["schemas"]["DownloadForm"];
        };
        /**
         * Stopped
         * @description Why a report is not delivered any more.
         */
        Stopped: {
            /** @description paused: in Airflow; removed: from git */
            how: components["schemas"]["StoppedBy"];
            /** Since */
            since: string | null;
            /** By */
            by: string | null;
            /** Reason */
            reason: string;
        };
        /**
         * StoppedBy
         * @description Why a report is Stopped.
         * @enum {string}
         */
        StoppedBy: "stopped" | "deleted" | "paused" | "removed" | "broken";
        /**
         * Sum
         * @description A column's exact sum, as text.
         */
        Sum: {
            /** Name */
            name: string;
            /** Sum */
            sum: string;
        };
        /**
         * User
         * @description The authenticated user.
         */
        User: {
            /** Id */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * WindowShown
         * @description A window `[start, end)` with the account's offset, and its local days, both included.
         */
        WindowShown: {
            /**
             * Start
             * Format: date-time
             */
            start: string;
            /**
             * End
             * Format: date-time
             */
            end: string;
            /**
             * First
             * Format: date
             */
            first: string;
            /**
             * Last
             * Format: date
             */
            last: string;
            /**
             * Open
             * @description rows may still be recorded for it: it had not settled when it was read
             * @default false
             */
            open: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type AirflowLinks = components['schemas']['AirflowLinks'];
export type Backfill = components['schemas']['Backfill'];
export type BackfillStarted = components['schemas']['BackfillStarted'];
export type BrokenFile = components['schemas']['BrokenFile'];
export type BucketShown = components['schemas']['BucketShown'];
export type CheckState = components['schemas']['CheckState'];
export type CheckedStep = components['schemas']['CheckedStep'];
export type ChoiceShown = components['schemas']['ChoiceShown'];
export type Choices = components['schemas']['Choices'];
export type ColumnShown = components['schemas']['ColumnShown'];
export type Created = components['schemas']['Created'];
export type Creators = components['schemas']['Creators'];
export type DateRangeRule = components['schemas']['DateRangeRule'];
export type Days = components['schemas']['Days'];
export type DaysForm = components['schemas']['DaysForm'];
export type DefinitionBody = components['schemas']['DefinitionBody'];
export type DeliveryForm = components['schemas']['DeliveryForm'];
export type DeliveryShown = components['schemas']['DeliveryShown'];
export type DescribedDefinition = components['schemas']['DescribedDefinition'];
export type DestinationChecked = components['schemas']['DestinationChecked'];
export type DestinationConnected = components['schemas']['DestinationConnected'];
export type DestinationShown = components['schemas']['DestinationShown'];
export type DestinationsConnected = components['schemas']['DestinationsConnected'];
export type DownloadForm = components['schemas']['DownloadForm'];
export type DownloadShown = components['schemas']['DownloadShown'];
export type Error = components['schemas']['Error'];
export type ErrorAnswer = components['schemas']['ErrorAnswer'];
export type ErrorCode = components['schemas']['ErrorCode'];
export type EstimateShown = components['schemas']['EstimateShown'];
export type ExportAction = components['schemas']['ExportAction'];
export type ExportDetail = components['schemas']['ExportDetail'];
export type ExportOrigin = components['schemas']['ExportOrigin'];
export type ExportRow = components['schemas']['ExportRow'];
export type ExportSort = components['schemas']['ExportSort'];
export type ExportStatus = components['schemas']['ExportStatus'];
export type ExportStep = components['schemas']['ExportStep'];
export type ExportTrigger = components['schemas']['ExportTrigger'];
export type Failure = components['schemas']['Failure'];
export type FileEstimateShown = components['schemas']['FileEstimateShown'];
export type FileShown = components['schemas']['FileShown'];
export type FilterShown = components['schemas']['FilterShown'];
export type FormInfo = components['schemas']['FormInfo'];
export type Frequency = components['schemas']['Frequency'];
export type Group = components['schemas']['Group'];
export type Groups = components['schemas']['Groups'];
export type InstantsForm = components['schemas']['InstantsForm'];
export type Interval = components['schemas']['Interval'];
export type LastExport = components['schemas']['LastExport'];
export type Mark = components['schemas']['Mark'];
export type MemberShown = components['schemas']['MemberShown'];
export type Named = components['schemas']['Named'];
export type Nothing = components['schemas']['Nothing'];
export type Order = components['schemas']['Order'];
export type PageExportRow = components['schemas']['Page_ExportRow_'];
export type PageReportRow = components['schemas']['Page_ReportRow_'];
export type PartnerExportForm = components['schemas']['PartnerExportForm'];
export type PartnerShown = components['schemas']['PartnerShown'];
export type PastWindow = components['schemas']['PastWindow'];
export type PastWindows = components['schemas']['PastWindows'];
export type Preset = components['schemas']['Preset'];
export type PresetShown = components['schemas']['PresetShown'];
export type PreviewColumn = components['schemas']['PreviewColumn'];
export type PreviewShown = components['schemas']['PreviewShown'];
export type Problem = components['schemas']['Problem'];
export type ProgressShown = components['schemas']['ProgressShown'];
export type PromotionType = components['schemas']['PromotionType'];
export type RecurringForm = components['schemas']['RecurringForm'];
export type RegisteredReport = components['schemas']['RegisteredReport'];
export type ReportAction = components['schemas']['ReportAction'];
export type ReportChange = components['schemas']['ReportChange'];
export type ReportDetail = components['schemas']['ReportDetail'];
export type ReportOrigin = components['schemas']['ReportOrigin'];
export type ReportRow = components['schemas']['ReportRow'];
export type ReportSort = components['schemas']['ReportSort'];
export type ReportStatus = components['schemas']['ReportStatus'];
export type ReportTypeShown = components['schemas']['ReportTypeShown'];
export type Row = components['schemas']['Row'];
export type Select = components['schemas']['Select'];
export type Session = components['schemas']['Session'];
export type ShapedDownloadForm = components['schemas']['ShapedDownloadForm'];
export type Stopped = components['schemas']['Stopped'];
export type StoppedBy = components['schemas']['StoppedBy'];
export type Sum = components['schemas']['Sum'];
export type User = components['schemas']['User'];
export type WindowShown = components['schemas']['WindowShown'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

export const ExportStatusLabels: Record<ExportStatus, string> = {
    "creating": "Creating",
    "created": "Created",
    "failed": "Creation Failed",
    "cancelled": "Cancelled"
};

export const FrequencyLabels: Record<Frequency, string> = {
    "one_time": "One Time",
    "daily": "Daily",
    "weekly": "Weekly"
};

export const IntervalLabels: Record<Interval, string> = {
    "daily": "Daily",
    "weekly": "Weekly"
};

export const ReportStatusLabels: Record<ReportStatus, string> = {
    "active": "Active",
    "stopped": "Stopped"
};
