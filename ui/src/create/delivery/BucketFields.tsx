import { Code, Input, SimpleGrid } from "@chakra-ui/react";
import { useCreate } from "../context";
import { connectedPartners, type Draft, only } from "../draft";
import { SelectField } from "../fields/SelectField";
import { SingleField } from "../fields/SingleField";

/** Partner, bucket and prefix of a Cloud Partner delivery. */
export const BucketFields = () => {
  const { dispatch, form, state } = useCreate();
  const { bucket, partner, prefix } = state.draft;
  const partners = connectedPartners(form);
  const buckets = partners.find((each) => each.id === partner)?.buckets ?? [];
  const address = buckets.find((each) => each.name === bucket)?.address;
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
        choices={buckets.map(({ name }) => ({ title: name, value: name }))}
        field="bucket"
        help={address === undefined ? undefined : <Address address={prefix ? `${address}/${prefix}` : address} />}
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

const Address = ({ address }: { address: string }) => (
  <>
    Files go to{" "}
    <Code overflowWrap="anywhere" size="sm">
      {address}
    </Code>
  </>
);
