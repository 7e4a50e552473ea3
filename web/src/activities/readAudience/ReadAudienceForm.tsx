import { NumberField, Switch, TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { AudiencePicker } from "../fields/AudiencePicker";
import { NamespacePicker } from "../fields/NamespacePicker";
import { Note, Part, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { numberOf, objectOf, withMembers } from "../members";
import { textOf } from "../ways";
import { ScheduleFields } from "./ScheduleFields";
import { checkReadAudience, isFirst, RECURRING, scheduleTypeOf } from "./schedule";
import { WavesFields } from "./WavesFields";

/** Who enters, when, and how fast. */
export function ReadAudienceForm({ node, nodeId, document, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const type = scheduleTypeOf(node);
  const problems = checkReadAudience(node);
  const problem = (member: string) => (problems[member] === undefined ? undefined : t(problems[member]));
  const set = (changes: Record<string, unknown>) => onChange(withMembers(node, changes));
  const supplemental = objectOf(node.supplementalIdentifier);
  const first = isFirst(document, nodeId);
  return (
    <Stack>
      <AudiencePicker
        value={textOf(node.audienceId)}
        onChange={(audienceId) => set({ audienceId })}
        isReadOnly={isReadOnly}
      />
      <NamespacePicker
        value={textOf(node.identityNamespace)}
        onChange={(identityNamespace) => set({ identityNamespace })}
        isReadOnly={isReadOnly}
      />
      <NumberField
        label={t("activities.readAudience.rate")}
        description={t("activities.readAudience.rate.help")}
        value={numberOf(node.throttlingRate) ?? 5_000}
        minValue={500}
        maxValue={20_000}
        step={100}
        isReadOnly={isReadOnly}
        validationState={problems.throttlingRate === undefined ? undefined : "invalid"}
        errorMessage={problem("throttlingRate")}
        onChange={(rate) => Number.isFinite(rate) && set({ throttlingRate: rate === 5_000 ? undefined : rate })}
        width="100%"
      />
      {first ? (
        <ScheduleFields {...{ node, document, onChange, isReadOnly, problem }} />
      ) : (
        <Note>{t("activities.readAudience.afterEvent")}</Note>
      )}
      {first && RECURRING.has(type) && (
        <Part title={t("activities.readAudience.runs")}>
          <Switch
            isSelected={node.incremental === true}
            isReadOnly={isReadOnly}
            onChange={(on) => set({ incremental: on || undefined })}
          >
            {t("activities.readAudience.incremental")}
          </Switch>
          <Switch
            isSelected={node.forceReentrance === true}
            isReadOnly={isReadOnly}
            onChange={(on) => set({ forceReentrance: on || undefined })}
          >
            {t("activities.readAudience.forceReentrance")}
          </Switch>
          {type === "daily" && (
            <NumberField
              label={t("activities.readAudience.waitForAudience")}
              description={t("activities.readAudience.waitForAudience.help")}
              value={numberOf(node.waitForAudienceHours) ?? 0}
              minValue={0}
              maxValue={6}
              isReadOnly={isReadOnly}
              onChange={(hours) => set({ waitForAudienceHours: hours >= 1 ? hours : undefined })}
              width="100%"
            />
          )}
        </Part>
      )}
      {!RECURRING.has(type) && <WavesFields {...{ node, onChange, isReadOnly }} isFirst={first} />}
      <Part title={t("activities.readAudience.supplemental")}>
        <TextField
          label={t("activities.readAudience.supplemental.attribute")}
          description={t("activities.readAudience.supplemental.help")}
          value={textOf(supplemental.attribute)}
          isReadOnly={isReadOnly}
          onChange={(attribute) => set({ supplementalIdentifier: attribute === "" ? undefined : { attribute } })}
          width="100%"
        />
      </Part>
    </Stack>
  );
}
