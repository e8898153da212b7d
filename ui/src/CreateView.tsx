import { useNavigate, useSearchParams } from "react-router-dom";
import type { Definition } from "./api/definition";
import type { Created, ExportDetail, FormInfo, ReportDetail } from "./api/types";
import { useGet } from "./api/useGet";
import { CreateReport } from "./create";
import { FailureView } from "./Failures";
import { LoadingLines } from "./LoadingLines";
import { usePlaces } from "./places";

/** The Create Report form, empty or prefilled from `?export=7` or `?report=points_weekly` (Duplicate). */
export function CreateView() {
  const places = usePlaces();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const kind = search.has("export") ? "export" : "report";
  const id = search.get(kind);
  const form = useGet<FormInfo>("form");
  const original = useGet<ExportDetail | ReportDetail>(id === null ? null : `${kind}s/${encodeURIComponent(id)}`);

  const failed = [form, original].find(({ data, error }) => data === undefined && error !== undefined);
  if (failed?.error !== undefined) {
    return <FailureView error={failed.error} onRetry={failed.reload} />;
  }
  if (form.data === undefined || (id !== null && original.data === undefined)) {
    return <LoadingLines />;
  }
  const created = ({ message, report }: Created) =>
    navigate(places.list(report === null ? "one_time" : "recurring"), { state: { message } });
  return (
    <CreateReport
      form={form.data}
      onCancel={() => navigate(places.list())}
      onCreated={created}
      start={(original.data?.definition ?? undefined) as Definition | undefined}
    />
  );
}
