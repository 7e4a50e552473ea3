import { Checkbox, Form, Heading, NumberField, Switch, TextArea, TextField } from "@adobe/react-spectrum";
import { DateTimeField } from "@/activities/fields/DateTimeField";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { stay } from "@/ui/stay";
import { useDraft, useDraftStore } from "../draftContext";
import styles from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import type { JourneyVersion } from "../version";
import { ExitCriteria } from "./ExitCriteria";
import { JourneyRuleSet } from "./JourneyRuleSet";
import { MetricsFields } from "./MetricsFields";
import { TechnicalDetails } from "./TechnicalDetails";

const DEFAULT_WAIT_S = 300;
const DEFAULT_DAYS = 91;
const DEFAULT_ACTION_S = 30;

interface Props {
  version: JourneyVersion;
  onClose: () => void;
}

interface Timeouts {
  actionSeconds?: number;
  globalDays?: number;
}

/** What holds for the journey as a whole. */
export function PropertiesPanel({ version, onClose }: Props) {
  const t = useT();
  const store = useDraftStore();
  const document = useDraft((draft) => draft.document);
  const isReadOnly = useDraft((draft) => draft.isReadOnly);

  /** Set members; one that is undefined is left out. */
  const set = (members: Partial<JourneyDocument>) => {
    const { document: now, change } = store.getState();
    const next = Object.fromEntries(Object.entries({ ...now, ...members }).filter(([, value]) => value !== undefined));
    change(next as JourneyDocument, `properties ${Object.keys(members).join()}`);
  };
  const textOf = (name: string) => (typeof document[name] === "string" ? (document[name] as string) : "");
  const setText = (name: string) => (text: string) => set({ [name]: text === "" ? undefined : text });
  const { reentrance } = document.entry;
  const setReentrance = (members: { allowed?: boolean; waitSeconds?: number }) =>
    set({ entry: { ...document.entry, reentrance: { ...reentrance, ...members } } });
  const timeouts = (document.timeouts ?? {}) as Timeouts;
  const setTimeouts = (members: Timeouts) => set({ timeouts: { ...timeouts, ...members } });
  const tags = Array.isArray(document.tags) ? document.tags.join(", ") : "";
  const isAllowed = reentrance?.allowed !== false;
  const isBusiness = document.nodes[document.entry.node]?.type === "businessEvent";

  return (
    <aside className={styles.panel} aria-label={t("designer.properties")}>
      <PanelHead title={t("designer.properties")} onClose={onClose} />
      <Form onSubmit={stay} isReadOnly={isReadOnly}>
        <TextField
          label={t("designer.properties.name")}
          value={document.name}
          onChange={(name) => set({ name })}
          maxLength={255}
          isRequired
        />
        <TextArea label={t("designer.description")} value={textOf("description")} onChange={setText("description")} />
        <TextField
          label={t("designer.properties.tags")}
          description={t("designer.properties.tags.detail")}
          defaultValue={tags}
          onBlur={(event) => {
            const words = (event.target as HTMLInputElement).value.split(",").map((word) => word.trim());
            const kept = words.filter((word) => word !== "");
            if (kept.join(", ") !== tags) set({ tags: kept.length === 0 ? undefined : kept });
          }}
        />
        <MetricsFields document={document} onChange={(metrics) => set({ metrics })} isReadOnly={isReadOnly} />
        <Heading level={3} marginTop="size-300" marginBottom="size-0">
          {t("designer.properties.entry")}
        </Heading>
        <Switch isSelected={isAllowed} onChange={(allowed) => setReentrance({ allowed })} isReadOnly={isReadOnly}>
          {t("designer.properties.reentrance")}
        </Switch>
        <NumberField
          label={t("designer.properties.waitSeconds")}
          value={reentrance?.waitSeconds ?? DEFAULT_WAIT_S}
          minValue={0}
          maxValue={90 * 86_400}
          isDisabled={!isAllowed}
          onChange={(waitSeconds) => setReentrance({ waitSeconds })}
        />
        {isBusiness ? (
          <Switch
            isSelected={document.entry.multipleExecutions === true}
            onChange={(isOn) => set({ entry: { ...document.entry, multipleExecutions: isOn ? true : undefined } })}
            isReadOnly={isReadOnly}
          >
            {t("designer.properties.multipleExecutions")}
          </Switch>
        ) : (
          <></>
        )}
        <DateTimeField
          label={t("designer.properties.startDate")}
          description={t("designer.properties.date.detail")}
          value={textOf("startDate")}
          onChange={(startDate) => set({ startDate })}
          isReadOnly={isReadOnly}
        />
        <DateTimeField
          label={t("designer.properties.endDate")}
          description={t("designer.properties.date.detail")}
          value={textOf("endDate")}
          onChange={(endDate) => set({ endDate })}
          isReadOnly={isReadOnly}
        />
        <Heading level={3} marginTop="size-300" marginBottom="size-0">
          {t("designer.exit")}
        </Heading>
        <ExitCriteria
          value={document.exitCriteria}
          onChange={(exitCriteria) => set({ exitCriteria })}
          isReadOnly={isReadOnly}
        />
        <Heading level={3} marginTop="size-300" marginBottom="size-0">
          {t("designer.properties.time")}
        </Heading>
        <TextField
          label={t("designer.properties.timeZone")}
          description={t("designer.properties.timeZone.detail")}
          value={textOf("timeZone")}
          onChange={setText("timeZone")}
        />
        <Checkbox
          isSelected={document.useProfileTimeZone === true}
          onChange={(isOn) => set({ useProfileTimeZone: isOn ? true : undefined })}
        >
          {t("designer.properties.useProfileTimeZone")}
        </Checkbox>
        <NumberField
          label={t("designer.properties.globalDays")}
          value={timeouts.globalDays ?? DEFAULT_DAYS}
          minValue={1}
          maxValue={DEFAULT_DAYS}
          onChange={(globalDays) => setTimeouts({ globalDays })}
        />
        <NumberField
          label={t("designer.properties.actionSeconds")}
          value={timeouts.actionSeconds ?? DEFAULT_ACTION_S}
          minValue={1}
          maxValue={DEFAULT_ACTION_S}
          onChange={(actionSeconds) => setTimeouts({ actionSeconds })}
        />
        <Heading level={3} marginTop="size-300" marginBottom="size-0">
          {t("designer.properties.conflicts")}
        </Heading>
        <NumberField
          label={t("designer.properties.priority")}
          description={t("designer.properties.priority.detail")}
          value={typeof document.priority === "number" ? document.priority : 0}
          minValue={0}
          maxValue={100}
          onChange={(priority) => set({ priority })}
        />
        <JourneyRuleSet
          value={textOf("ruleSet")}
          onChange={(ruleSet) => set({ ruleSet: ruleSet === "" ? undefined : ruleSet })}
          isReadOnly={isReadOnly}
        />
        <NumberField
          label={t("designer.properties.maxMessages")}
          description={t("designer.properties.maxMessages.detail")}
          value={typeof document.maxMessagesPerPath === "number" ? document.maxMessagesPerPath : Number.NaN}
          minValue={0}
          maxValue={50}
          onChange={(most) => set({ maxMessagesPerPath: Number.isNaN(most) ? undefined : most })}
        />
        <Heading level={3} marginTop="size-300" marginBottom="size-0">
          {t("designer.properties.details")}
        </Heading>
        <TechnicalDetails version={version} />
      </Form>
    </aside>
  );
}
