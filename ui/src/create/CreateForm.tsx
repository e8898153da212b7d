import { Button, chakra, Flex, Heading, Stack } from "@chakra-ui/react";
import { type FormEvent, type MouseEvent, useEffect, useMemo, useReducer, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { Definition } from "../api/definition";
import type { Created, FormInfo } from "../api/types";
import { BackLink } from "../BackLink";
import { PageHeading } from "../PageHeading";
import { Banner, type Message } from "./Banner";
import { CreateContext } from "./context";
import { DeliveryStep } from "./delivery/DeliveryStep";
import { definitionOf } from "./draft";
import { EstimateLine } from "./estimate/EstimateLine";
import { useEstimate } from "./estimate/useEstimate";
import { fieldsOf, placed, type Step } from "./fields/fields";
import { focusField } from "./fields/focus";
import type { Outcome } from "./idempotency";
import { LeaveDialog } from "./LeaveDialog";
import { missing } from "./missing";
import { prefill } from "./prefill";
import { PreviewPanel } from "./preview/PreviewPanel";
import { usePreview } from "./preview/usePreview";
import { newDraft, reducerOf, startState } from "./reducer";
import { Stepper } from "./Stepper";
import { Summary } from "./Summary";
import { SetupStep } from "./setup/SetupStep";
import { useDescription } from "./useDescription";
import { useExport } from "./useExport";
import { useLeaving } from "./useLeaving";

interface Props {
  form: FormInfo;
  start?: Definition;
  onCreated: (created: Created) => void;
  onCancel: () => void;
}

/** After a session has expired, signing in in another tab keeps the entered values. */
const sentencesOf = ({ code, fix, message }: ApiError): string[] =>
  code === "unauthenticated"
    ? ["Your session has ended.", "Sign in to Airflow in another tab, then press Export here again."]
    : [message, fix];

const LOOK = "The attempt before may have gone through: look at the list before you press Export again.";

/** The message after a failed attempt to create a report. */
const messageOf = (error: ApiError, outcome: Outcome, others: readonly string[]): Message => {
  const all = others.length === error.problems.length; // no problem stands beside a field
  const said = all ? [...sentencesOf(error), ...others] : others;
  const lines = {
    refused: said,
    unknown: [...said, "Press Export again: it is not made twice."],
    used: [LOOK],
  }[outcome];
  return {
    lines: lines.filter((line) => line !== ""),
    status: "error",
    title: outcome === "unknown" ? "It is not known whether the report was created" : "The report was not created",
  };
};

/** The two steps of the form, for a user who may create at least one report type. */
export function CreateForm({ form, onCancel, onCreated, start }: Props) {
  const page = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [begun] = useState(() => (start === undefined ? { draft: newDraft(form), notes: [] } : prefill(start, form)));
  const [state, dispatch] = useReducer(
    useMemo(() => reducerOf(form), [form]),
    startState(begun.draft),
  );
  const [message, setMessage] = useState<Message | null>(() =>
    begun.notes.length === 0 ? null : { lines: begun.notes, status: "info", title: "About this copy" },
  );
  const [wanted, setWanted] = useState<{ field: string } | null>(null); // where the focus is to go

  const { draft, step } = state;
  const shown = fieldsOf(draft, form);
  const stepOf = (field: string): Step => shown.find((each) => each.name === field)?.step ?? 1;
  const gaps = missing(draft, form);
  const told = gaps.filter((gap) => state.told.includes(stepOf(gap.field)));
  const problems = [...told, ...state.problems.filter((problem) => !told.some(({ field }) => field === problem.field))];
  const definition = gaps.length === 0 ? definitionOf(draft, form) : null;
  const description = useDescription(definition);
  const estimate = useEstimate(step === 2 && description.kind === "described" ? description.body : null);
  const leaving = useLeaving(state.touched);

  const showProblems = (error: ApiError): readonly string[] => {
    const { beside, others } = placed(error.problems, shown);
    dispatch({ problems: beside, type: "problems" });
    const first = beside[0]?.field;
    if (first !== undefined) goTo(first);
    return others;
  };
  const preview = usePreview(definition, (error) => void showProblems(error));
  const exporting = useExport(
    (created) => leaving.leaveAtOnce(() => onCreated(created)),
    (error, outcome) => {
      const others = showProblems(error);
      if (others.length > 0 || error.problems.length === 0) {
        setMessage(messageOf(error, outcome, others));
      }
    },
  );

  const goTo = (field: string) => {
    dispatch({ step: stepOf(field), type: "go" });
    setWanted({ field });
  };
  const go = (to: Step) => {
    const gap = gaps.find(({ field }) => stepOf(field) === 1);
    if (to === 2 && gap !== undefined) {
      dispatch({ step: 1, type: "tell" });
      goTo(gap.field);
    } else if (to !== step) {
      dispatch({ step: to, type: "go" });
      setWanted({ field: "" });
    }
  };
  const whenComplete = (use: (complete: Definition) => void) => {
    const gap = gaps[0];
    if (definition !== null) return use(definition);
    dispatch({ step: 1, type: "tell" });
    dispatch({ step: 2, type: "tell" });
    if (gap !== undefined) goTo(gap.field);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (step === 1) go(2); // Enter in a field of step 2 must not export
  };
  const onExport = (event: MouseEvent) => {
    if (event.detail > 1) return; // the second click of a double click, maybe one that began on Next
    setMessage(null);
    whenComplete(exporting.send);
  };

  useEffect(() => {
    if (wanted === null) return;
    if (wanted.field === "") heading.current?.focus();
    else focusField(page.current, wanted.field);
  }, [wanted]);

  // What the sentence's answer says about fields stands beside them, too. What was said before of a draft that is
  // incomplete now can be asked again only when it is complete.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the answer is about the draft that it came with
  useEffect(() => {
    if (description.kind === "waiting") {
      if (definition === null) dispatch({ problems: [], type: "problems" });
      return;
    }
    const found =
      description.kind === "refused" ? placed(description.error.problems, fieldsOf(draft, form)).beside : [];
    dispatch({ problems: found, type: "problems" });
  }, [description, definition === null]);

  return (
    <CreateContext.Provider value={{ dispatch, form, problems, state }}>
      <chakra.form
        display="flex"
        flexDirection="column"
        gap={6}
        maxW="4xl"
        noValidate
        onSubmit={onSubmit}
        ref={page}
        w="full"
      >
        <Stack gap={4}>
          <BackLink />
          <PageHeading title="Create Report" />
          <Stepper onGo={go} step={step} />
        </Stack>
        {message === null ? null : <Banner message={message} onClose={() => setMessage(null)} />}
        <Heading as="h2" outline="none" ref={heading} size="md" tabIndex={-1}>
          {step === 1 ? "Setup" : "Delivery"}
        </Heading>
        {step === 1 ? <SetupStep /> : <DeliveryStep />}
        {step === 2 ? <Summary description={description} /> : null}
        {step === 2 ? (
          <PreviewPanel onAgain={() => whenComplete(preview.show)} onCancel={preview.cancel} state={preview.state} />
        ) : null}
        {step === 2 ? <EstimateLine state={estimate} /> : null}
        <Flex borderTopWidth="1px" gap={3} justify="space-between" pt={4} wrap="wrap">
          <Button disabled={exporting.busy} onClick={() => leaving.leave(onCancel)} variant="ghost">
            Cancel
          </Button>
          {step === 1 ? (
            <Button type="submit">Next</Button>
          ) : (
            <Flex gap={3} wrap="wrap">
              <Button onClick={() => go(1)} variant="outline">
                Back
              </Button>
              <Button
                loading={preview.state.kind === "loading"}
                loadingText="Preview"
                onClick={() => whenComplete(preview.show)}
                variant="outline"
              >
                Preview
              </Button>
              <Button loading={exporting.busy} loadingText="Export" onClick={onExport}>
                Export
              </Button>
            </Flex>
          )}
        </Flex>
      </chakra.form>
      <LeaveDialog leaving={leaving} />
    </CreateContext.Provider>
  );
}
