import { Item, NumberField, Picker } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { DynamicValues } from "../fields/DynamicValues";
import { PathList } from "../fields/PathList";
import { RuleField } from "../fields/RuleField";
import { Shares } from "../fields/Shares";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { numberOf, withMembers } from "../members";
import { type Path, shareOf } from "../paths";
import { ruleTextOf } from "../rulePaths";
import { useReferences } from "../useReferences";
import { pathsOf } from "../ways";
import { Allocation } from "./Allocation";
import { letterOf, OPTIMIZE_TYPES, ofType, optimizeTypeOf } from "./optimize";

/** An experiment with its treatments, or rules. */
export function OptimizeForm(props: FormProps) {
  const { node, document, nodeId, onChange, isReadOnly } = props;
  const t = useT();
  const { decisionRules } = useReferences();
  const type = optimizeTypeOf(node);
  const isExperiment = type === "experiment";
  const paths = pathsOf(node) as Path[];
  const holdout = numberOf(node.holdout) ?? 0;
  const set = (changes: Record<string, unknown>) => onChange(withMembers(node, changes));
  const nameOf = (path: Path, index: number) =>
    path.label || t("activities.way.treatment", { letter: letterOf(index) });
  return (
    <Stack>
      <Picker
        label={t("activities.optimize.type")}
        selectedKey={type}
        isDisabled={isReadOnly}
        onSelectionChange={(key) =>
          key !== type && onChange(ofType(node, key === "targeting" ? "targeting" : "experiment"))
        }
        width="100%"
      >
        {OPTIMIZE_TYPES.map((one) => (
          <Item key={one}>{t(`activities.optimize.${one}`)}</Item>
        ))}
      </Picker>
      <Note>{t(`activities.optimizeHelp.${type}`)}</Note>
      <PathList
        paths={paths}
        onChange={(next) => set({ paths: next })}
        isReadOnly={isReadOnly}
        nameOf={nameOf}
        detailOf={(path) =>
          isExperiment ? t("activities.percent", { share: shareOf(path) }) : ruleTextOf(path, decisionRules)
        }
        create={() => (isExperiment ? { percentage: 0 } : { expression: "" })}
        most={20}
      >
        {(path, change) =>
          isExperiment ? null : (
            <RuleField path={path} document={document} nodeId={nodeId} onChange={change} isReadOnly={isReadOnly} />
          )
        }
      </PathList>
      {isExperiment && (
        <>
          <NumberField
            label={t("activities.optimize.holdout")}
            description={t("activities.optimize.holdout.help")}
            value={holdout}
            minValue={0}
            maxValue={99}
            isReadOnly={isReadOnly}
            onChange={(share) => Number.isFinite(share) && set({ holdout: share === 0 ? undefined : share })}
            width="100%"
          />
          <Shares
            paths={paths}
            holdout={holdout}
            onChange={(next) => set({ paths: next })}
            isReadOnly={isReadOnly}
            nameOf={nameOf}
          />
        </>
      )}
      {isExperiment && <Allocation {...props} set={set} />}
      {!isExperiment && <DynamicValues {...props} />}
    </Stack>
  );
}
