import { Button, ButtonGroup, Heading } from "@adobe/react-spectrum";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { PageLink } from "@/ui/PageLink";
import styles from "./FirstSteps.module.css";
import type { WAYS_TO_CREATE } from "./journeysSearch";

const STEPS = [
  { id: "schema", to: "/schemas" },
  { id: "inlet", to: "/inlets" },
  { id: "event", to: "/events" },
  { id: "action", to: "/actions" },
] as const;

/** What comes first where there is no journey yet. */
export function FirstSteps({ onCreate }: { onCreate: (way: (typeof WAYS_TO_CREATE)[number]) => void }) {
  const t = useT();
  const mayWrite = useMay("journeys.write");
  return (
    <section className={styles.steps} aria-labelledby="first-steps">
      <Heading level={2} id="first-steps" margin={0}>
        {t("journeys.empty.title")}
      </Heading>
      <p>{t("journeys.empty.detail")}</p>
      <ol>
        {STEPS.map((step) => (
          <li key={step.id}>
            <PageLink to={step.to as string}>{t(`journeys.first.${step.id}`)}</PageLink>
            <span>{t(`journeys.first.${step.id}Detail`)}</span>
          </li>
        ))}
        <li>
          <strong>{t("journeys.first.journey")}</strong>
          <span>{t("journeys.first.journeyDetail")}</span>
          {mayWrite && (
            <ButtonGroup marginTop="size-150">
              <Button variant="accent" onPress={() => onCreate("template")}>
                {t("journeys.create.template")}
              </Button>
              <Button variant="secondary" onPress={() => onCreate("blank")}>
                {t("journeys.create.blank")}
              </Button>
            </ButtonGroup>
          )}
        </li>
      </ol>
    </section>
  );
}
