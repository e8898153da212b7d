import { afterEach, expect, test, vi } from "vitest";
import { download } from "./download";

const FILE = { name: "june.csv", url: "promo-reports/api/exports/7/download" };
const EXPIRED = {
  error: { code: "expired", fix: "Create it again.", problems: [], reason: "The file is gone.", status: 410 },
};

afterEach(() => vi.unstubAllGlobals());

/** A browser whose server answers these one after the other; returns what was asked and what was downloaded. */
const browser = (...answers: Response[]) => {
  const asked: string[] = [];
  const downloaded: string[] = [];
  const link = { click: () => downloaded.push(`${link.href} as ${link.download}`), download: "", href: "" };
  vi.stubGlobal("document", { baseURI: "http://airflow/base/", createElement: () => link });
  vi.stubGlobal("fetch", async (address: string, { method }: { method: string }) => {
    asked.push(`${method} ${address}`);
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("Failed to fetch");
    return answer;
  });
  return { asked, downloaded };
};

const ADDRESS = "http://airflow/base/promo-reports/api/exports/7/download";

test("a file that is there is downloaded by the browser", async () => {
  const { asked, downloaded } = browser(new Response(null));
  await download(FILE);
  expect(asked).toEqual([`HEAD ${ADDRESS}`]);
  expect(downloaded).toEqual([`${ADDRESS} as june.csv`]);
});

test("a file that has expired is not, and the refusal says why", async () => {
  const { downloaded } = browser(new Response(null, { status: 410 }), Response.json(EXPIRED, { status: 410 }));
  await expect(download(FILE)).rejects.toMatchObject({ code: "expired", fix: "Create it again." });
  expect(downloaded).toEqual([]);
});

test("what does not know HEAD is asked with GET", async () => {
  const { downloaded } = browser(new Response(null, { status: 405 }), new Response("a,b"));
  await download(FILE);
  expect(downloaded).toHaveLength(1);
});

test("no answer is no download", async () => {
  const { downloaded } = browser();
  await expect(download(FILE)).rejects.toThrow();
  expect(downloaded).toEqual([]);
});
