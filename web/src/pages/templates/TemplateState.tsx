import { useT } from "@/i18n/useT";
import { Light } from "@/ui/Light";
import type { Template } from "./templates";

const TONES = { draft: "neutral", published: "positive", modified: "notice" } as const;

/** Whether a template is published, and as it is now. */
export function TemplateState({ state }: { state: Template["state"] }) {
  const t = useT();
  return <Light tone={TONES[state]}>{t(`templates.state.${state}`)}</Light>;
}
