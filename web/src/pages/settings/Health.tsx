import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Figure, Figures } from "@/ui/Figure";
import { Light } from "@/ui/Light";

interface Readiness {
  status: string;
  checks: Record<string, string>;
}

const PARTS = ["log", "database", "worker"];

/** Whether the server is well; a 503 is an answer, too. */
async function readHealth(): Promise<Readiness> {
  const response = await fetch("/health/ready");
  return (await response.json()) as Readiness;
}

async function readVersion(): Promise<string> {
  const response = await fetch("/openapi.json");
  const description = (await response.json()) as { info?: { version?: string } };
  return description.info?.version ?? "";
}

export function Health() {
  const t = useT();
  const health = useQuery({ queryKey: ["settings", "health"], queryFn: readHealth, refetchInterval: 10_000 });
  const version = useQuery({ queryKey: ["settings", "version"], queryFn: readVersion, staleTime: 60_000 });
  return (
    <section aria-label={t("settings.health")}>
      {health.error && <ErrorNotice error={health.error} onRetry={() => void health.refetch()} />}
      <Figures>
        <Figure label={t("settings.version")} value={version.data || "–"} />
        {Object.entries(health.data?.checks ?? {}).map(([part, state]) => (
          <Figure
            key={part}
            label={PARTS.includes(part) ? t(`settings.part.${part}`) : part}
            value={
              <Light tone={state === "ok" ? "positive" : "negative"}>{state === "ok" ? t("settings.ok") : state}</Light>
            }
          />
        ))}
      </Figures>
    </section>
  );
}
