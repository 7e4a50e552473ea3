import { Item, NumberField, Picker, Switch } from "@adobe/react-spectrum";
import type { JourneyNode } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { DateTimeField } from "../fields/DateTimeField";
import { Part } from "../fields/Stack";
import { withMembers } from "../members";
import {
  APART,
  LEAST_APART,
  LEAST_WAVES,
  MOST_WAVES,
  SIZES,
  sumOf,
  TIMES,
  toDocument,
  type Waves,
  wavesOf,
  withCount,
  withSizes,
} from "./waves";

interface Props {
  node: JourneyNode;
  onChange: (node: JourneyNode) => void;
  isReadOnly: boolean;
  /** Whether it is the first activity: after a business event waves have no dates. */
  isFirst: boolean;
}

const NEW: Waves = {
  count: LEAST_WAVES,
  sizes: "equal",
  times: "apart",
  shares: [],
  minutesApart: APART,
  startDates: [],
};

/** In how many waves the audience enters, how large each is and when it begins. */
export function WavesFields({ node, onChange, isReadOnly, isFirst }: Props) {
  const t = useT();
  const waves = wavesOf(node);
  const save = (next: Waves | null) =>
    onChange(withMembers(node, { waves: next === null ? undefined : toDocument(next) }));
  return (
    <Part title={t("activities.readAudience.waves")}>
      <Switch isSelected={waves !== null} isReadOnly={isReadOnly} onChange={(on) => save(on ? NEW : null)}>
        {t("activities.readAudience.waves.has")}
      </Switch>
      {waves !== null && <Fields {...{ waves, save, isReadOnly, isFirst }} />}
    </Part>
  );
}

interface FieldsProps {
  waves: Waves;
  save: (waves: Waves) => void;
  isReadOnly: boolean;
  isFirst: boolean;
}

function Fields({ waves, save, isReadOnly, isFirst }: FieldsProps) {
  const t = useT();
  const numbers = Array.from({ length: waves.count }, (_, at) => at);
  const together = sumOf(waves.shares);
  const isWrong = waves.sizes === "percentages" && together !== 100;
  return (
    <>
      <NumberField
        label={t("activities.readAudience.waves.count")}
        value={waves.count}
        minValue={LEAST_WAVES}
        maxValue={MOST_WAVES}
        isReadOnly={isReadOnly}
        onChange={(count) => Number.isFinite(count) && save(withCount(waves, count))}
        width="100%"
      />
      <Picker
        label={t("activities.readAudience.waves.sizes")}
        selectedKey={waves.sizes}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => save(withSizes(waves, SIZES.find((one) => one === key) ?? "equal"))}
        width="100%"
      >
        {SIZES.map((one) => (
          <Item key={one}>{t(`activities.readAudience.waves.sizes.${one}`)}</Item>
        ))}
      </Picker>
      {waves.sizes !== "equal" &&
        numbers.map((at) => (
          <NumberField
            key={at}
            label={t(`activities.readAudience.waves.${waves.sizes}`, { number: at + 1 })}
            value={waves.shares[at]}
            minValue={waves.sizes === "profiles" ? 1 : 0.01}
            maxValue={waves.sizes === "profiles" ? 1_000_000_000 : 100}
            isReadOnly={isReadOnly}
            validationState={isWrong && at === waves.count - 1 ? "invalid" : undefined}
            errorMessage={t("activities.readAudience.waves.sum", { sum: together })}
            onChange={(share) =>
              Number.isFinite(share) &&
              save({ ...waves, shares: waves.shares.map((one, index) => (index === at ? share : one)) })
            }
            width="100%"
          />
        ))}
      {isFirst && (
        <Picker
          label={t("activities.readAudience.waves.times")}
          selectedKey={waves.times}
          isDisabled={isReadOnly}
          onSelectionChange={(key) => save({ ...waves, times: TIMES.find((one) => one === key) ?? "apart" })}
          width="100%"
        >
          {TIMES.map((one) => (
            <Item key={one}>{t(`activities.readAudience.waves.times.${one}`)}</Item>
          ))}
        </Picker>
      )}
      {waves.times === "apart" ? (
        <NumberField
          label={t("activities.readAudience.waves.apart")}
          value={waves.minutesApart}
          minValue={LEAST_APART}
          isReadOnly={isReadOnly}
          onChange={(minutesApart) => Number.isFinite(minutesApart) && save({ ...waves, minutesApart })}
          width="100%"
        />
      ) : (
        numbers.map((at) => (
          <DateTimeField
            key={at}
            label={t("activities.readAudience.waves.date", { number: at + 1 })}
            value={waves.startDates[at] ?? ""}
            isReadOnly={isReadOnly}
            isRequired
            onChange={(text) =>
              save({
                ...waves,
                startDates: numbers.map((one) => (one === at ? (text ?? "") : (waves.startDates[one] ?? ""))),
              })
            }
          />
        ))
      )}
    </>
  );
}
