import { href, refusal } from "./client";

/**
 * Starts a browser download after a check that the server allows it: an error response would be saved as the file, or
 * replace the page. Rejects with the error.
 */
export async function download({ url, name }: { url: string; name: string }): Promise<void> {
  await allowed(href(url));
  const link = document.createElement("a");
  link.href = href(url);
  link.download = name;
  link.click();
}

async function allowed(address: string): Promise<void> {
  if ((await ask("HEAD", address)).ok) {
    return;
  }
  const answer = await ask("GET", address); // HEAD has no body to say why, and a proxy may not know it at all
  if (answer.ok || answer.type === "opaqueredirect") {
    await answer.body?.cancel();
    return;
  }
  throw refusal(answer.status, await answer.json().catch(() => undefined));
}

const ask = (method: "GET" | "HEAD", address: string): Promise<Response> =>
  fetch(address, { cache: "no-store", headers: { "X-Requested-With": "promo-reports" }, method, redirect: "manual" });
