import { Code, Input, SimpleGrid } from "@chakra-ui/react";
import type { BucketShown } from "../../api/types";
import { useCreate } from "../context";
import { connectedPartners, type Draft, only } from "../draft";
import { SelectField } from "../fields/SelectField";
import { SingleField } from "../fields/SingleField";
import { takes, takesOnly } from "./buckets";

/** Partner, bucket and prefix of a Cloud Partner delivery. */
export const BucketFields = () => {
  const { dispatch, form, state } = useCreate();
  const { draft } = state;
  const { bucket, partner, prefix } = draft;
  const partners = connectedPartners(form);
  const buckets = partners.find((each) => each.id === partner)?.buckets ?? [];
  const chosen = buckets.find((each) => each.name === bucket);
  const set = (field: string, change: Partial<Draft>) => dispatch({ change, field, type: "set" });
  const setPartner = (id: string) => {
    const its = partners.find((each) => each.id === id)?.buckets ?? [];
    set("partner", { bucket: only(its)?.name ?? "", partner: id });
  };
  return (
    <SimpleGrid columns={{ base: 1, md: 2 }} gap={5}>
      <SelectField
        choices={partners.map(({ id, label }) => ({ title: label, value: id }))}
        field="partner"
        label="Partner"
        onChange={setPartner}
        value={partner}
      />
      <SelectField
        choices={buckets.map((each) => {
          const taken = takes(each, draft);
          const title = taken ? each.name : `${each.name} (${takesOnly(each)})`;
          return { disabled: !taken, title, value: each.name };
        })}
        field="bucket"
        help={chosen === undefined ? undefined : <Chosen bucket={chosen} below={prefix} taken={takes(chosen, draft)} />}
        label="Bucket"
        onChange={(name) => set("bucket", { bucket: name })}
        value={bucket}
      />
      {prefix === null ? null : (
        <SingleField field="prefix" help="Below the address of the bucket." label="Prefix" optional>
          <Input onChange={(event) => set("prefix", { prefix: event.target.value })} size="sm" value={prefix} />
        </SingleField>
      )}
    </SimpleGrid>
  );
};

const Chosen = ({ below, bucket, taken }: { below: string | null; bucket: BucketShown; taken: boolean }) => (
  <>
    {taken ? "" : `Takes ${takesOnly(bucket)}. `}Files go to{" "}
    <Code overflowWrap="anywhere" size="sm">
      {below ? `${bucket.address}/${below}` : bucket.address}
    </Code>
  </>
);
