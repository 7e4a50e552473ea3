import { Checkbox, CheckboxGroup, Item, Picker } from "@adobe/react-spectrum";
import { AudiencePicker } from "@/activities/fields/AudiencePicker";
import { PathList } from "@/activities/fields/PathList";
import { ReferencePicker } from "@/activities/fields/ReferencePicker";
import { textsOf } from "@/activities/members";
import { useReferences } from "@/activities/useReferences";
import { textOf } from "@/activities/ways";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import {
  BYS,
  type By,
  byOf,
  criteriaOf,
  type ExitCriterion,
  MOST,
  newCriterion,
  ofKind,
  withEvent,
} from "./exitCriteria";

interface Props {
  /** As the document has them. */
  value: unknown;
  onChange: (criteria: ExitCriterion[] | undefined) => void;
  isReadOnly: boolean;
}

/** What takes somebody out of the journey, wherever they are. */
export function ExitCriteria({ value, onChange, isReadOnly }: Props) {
  const t = useT();
  const { names } = useReferences();
  const criteria = criteriaOf(value);
  const detailOf = (one: ExitCriterion) =>
    (byOf(one) === "event" ? names.event(textOf(one.eventUid)) : names.audience(textOf(one.audienceId))) ??
    t("designer.exit.open");
  return (
    <PathList
      paths={criteria}
      onChange={(next) => onChange(next.length === 0 ? undefined : next)}
      isReadOnly={isReadOnly}
      words={{ list: t("designer.exit"), add: t("designer.exit.add"), stem: "exit" }}
      nameOf={(one, index) => one.label || t("designer.exit.number", { number: index + 1 })}
      detailOf={detailOf}
      create={newCriterion}
      least={0}
      most={MOST}
    >
      {(one, set) => (
        <>
          <Picker
            label={t("designer.exit.by")}
            selectedKey={byOf(one)}
            isDisabled={isReadOnly}
            onSelectionChange={(key) => String(key) !== byOf(one) && set(ofKind(String(key) as By))}
            width="100%"
          >
            {BYS.map((by) => (
              <Item key={by}>{t(`designer.exit.${by}`)}</Item>
            ))}
          </Picker>
          {byOf(one) === "event" ? (
            <ByEvent criterion={one} set={set} isReadOnly={isReadOnly} />
          ) : (
            <ByAudience criterion={one} set={set} isReadOnly={isReadOnly} />
          )}
        </>
      )}
    </PathList>
  );
}

interface PartProps {
  criterion: ExitCriterion;
  set: (changes: Record<string, unknown>) => void;
  isReadOnly: boolean;
}

function ByEvent({ criterion, set, isReadOnly }: PartProps) {
  const t = useT();
  const { events } = useReferences();
  const unitary = events.filter((event) => event.type !== "business");
  const eventUid = textOf(criterion.eventUid);
  return (
    <>
      <ReferencePicker
        label={t("activities.event.name")}
        list="events"
        choices={unitary.map(({ uid, name, description }) => ({ id: uid, name, detail: description }))}
        value={eventUid}
        onChange={(uid) => set(withEvent(criterion, uid))}
        isReadOnly={isReadOnly}
        href="/events/new"
      />
      {eventUid !== "" && (
        <ExpressionField
          label={t("designer.exit.condition")}
          value={textOf(criterion.expression)}
          onChange={(expression) => set({ expression: expression === "" ? undefined : expression })}
          place={{ eventUid }}
          expects="boolean"
          isReadOnly={isReadOnly}
        />
      )}
    </>
  );
}

function ByAudience({ criterion, set, isReadOnly }: PartProps) {
  const t = useT();
  const verbs = criterion.verbs === undefined ? ["enter"] : textsOf(criterion.verbs);
  return (
    <>
      <AudiencePicker
        value={textOf(criterion.audienceId)}
        onChange={(audienceId) => set({ audienceId })}
        isReadOnly={isReadOnly}
      />
      <CheckboxGroup
        label={t("activities.audienceQualification.when")}
        value={verbs}
        isReadOnly={isReadOnly}
        validationState={verbs.length === 0 ? "invalid" : undefined}
        errorMessage={t("activities.problem.oneAtLeast")}
        onChange={(next) => set({ verbs: ["enter", "exit"].filter((verb) => next.includes(verb)) })}
      >
        <Checkbox value="enter">{t("activities.audienceQualification.enter")}</Checkbox>
        <Checkbox value="exit">{t("activities.audienceQualification.exit")}</Checkbox>
      </CheckboxGroup>
    </>
  );
}
