import { useT } from "@/i18n/useT";
import { Facts } from "@/ui/Facts";
import { Light } from "@/ui/Light";
import type { TokenTrial } from "./actions";

/** Whether the token call of an action or a data source works, how long it took, and what went wrong. */
export function TriedToken({ tried }: { tried: TokenTrial }) {
  const t = useT();
  const { ok, reason, durationMs } = tried;
  return (
    <Facts
      facts={[
        [
          t("actions.token.result"),
          <Light key="result" tone={ok ? "positive" : "negative"}>
            {t(ok ? "actions.token.good" : "actions.token.bad")}
          </Light>,
        ],
        [t("actions.test.time"), t("actions.test.ms", { ms: durationMs })],
        ...(reason === null ? [] : [[t("actions.token.reason"), reason] as const]),
      ]}
    />
  );
}
