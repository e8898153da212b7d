/** Write the page's types from an OpenAPI description: `node types.mjs <description> <types>`. */

import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "/** Generated from the OpenAPI description of the Reports API by `make ui-types`; do not edit. */\n\n";

const [source, target] = process.argv.slice(2);
const { openapi, info, components } = JSON.parse(readFileSync(source, "utf8"));
const types = astToString(
  await openapiTS(
    { openapi, info, paths: {}, components },
    // A key of a body that has a default may be left out; an answer's keys are all required anyway.
    { defaultNonNullable: false, rootTypes: true, rootTypesNoSchemaPrefix: true },
  ),
);
const labels = Object.entries(components.schemas)
  .filter(([, schema]) => schema["x-labels"] !== undefined)
  .map(
    ([name, schema]) =>
      `\nexport const ${name}Labels: Record<${name}, string> = ${JSON.stringify(schema["x-labels"], null, 4)};\n`,
  );
writeFileSync(target, HEADER + types + labels.join(""));
