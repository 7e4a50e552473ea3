import { Heading } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { Code } from "@/ui/Code";
import { Facts } from "@/ui/Facts";
import { Light } from "@/ui/Light";
import type { Tried } from "./actions";
import { valueText } from "./places";

/** What a test request sent, and what came back. */
export function TriedAnswer({ tried }: { tried: Tried }) {
  const t = useT();
  const { request, response, durationMs, reason } = tried;
  const isGood = response !== null && response.status >= 200 && response.status < 300;
  return (
    <section aria-live="polite" aria-label={t("actions.test.answer")}>
      <Heading level={2}>{t("actions.test.answer")}</Heading>
      <Facts
        facts={[
          [
            t("actions.test.status"),
            <Light key="status" tone={isGood ? "positive" : "negative"}>
              {response === null ? t("actions.test.none") : response.status}
            </Light>,
          ],
          [t("actions.test.time"), t("actions.test.ms", { ms: durationMs })],
          ...(reason === null ? [] : [[t("actions.test.reason"), reason] as const]),
        ]}
      />
      {response !== null && (
        <>
          <Heading level={3}>{t("actions.test.headers")}</Heading>
          <Code value={headersText(response.headers)} label={t("actions.test.headers")} />
          <Heading level={3}>{t("actions.test.body")}</Heading>
          <Code value={bodyText(response.body)} label={t("actions.test.body")} />
        </>
      )}
      <Heading level={3}>{t("actions.test.request")}</Heading>
      <Code
        value={`${request.method} ${request.url}\n${headersText(request.headers)}\n\n${bodyText(request.body)}`.trim()}
        label={t("actions.test.request")}
      />
    </section>
  );
}

const headersText = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

const bodyText = (body: unknown) =>
  body === null ? "" : typeof body === "object" ? JSON.stringify(body, null, 2) : valueText(body);
