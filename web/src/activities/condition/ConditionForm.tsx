import { Item, NumberField, Picker, Switch } from "@adobe/react-spectrum";
import { today } from "@/expressions/today";
import { useT } from "@/i18n/useT";
import { DynamicValues } from "../fields/DynamicValues";
import styles from "../fields/fields.module.css";
import { PathList } from "../fields/PathList";
import { Shares } from "../fields/Shares";
import { Note, Stack } from "../fields/Stack";
import { ZoneNote } from "../fields/ZoneNote";
import type { FormProps } from "../kind";
import { numberOf, withMembers } from "../members";
import { type Path, shareOf } from "../paths";
import { ruleTextOf } from "../rulePaths";
import { useReferences } from "../useReferences";
import { pathsOf } from "../ways";
import { ConditionPath } from "./ConditionPath";
import {
  CONDITION_TYPES,
  type ConditionType,
  checkCondition,
  conditionTypeOf,
  EXHAUSTIVE,
  newPath,
  ofType,
} from "./condition";

/** By what, and the paths. */
export function ConditionForm(props: FormProps) {
  const { node, document, nodeId, onChange, isReadOnly } = props;
  const t = useT();
  const { decisionRules } = useReferences();
  const type = conditionTypeOf(node);
  const paths = pathsOf(node) as Path[];
  const problems = checkCondition(node);
  const isCap = type === "profileCap";
  const set = (next: Path[]) => onChange(withMembers(node, { paths: next }));
  const nameOf = (path: Path, index: number) => path.label || t("activities.way.path", { number: index + 1 });
  const detailOf = (path: Path) => {
    if (problems[path.id] !== undefined) return t(problems[path.id] ?? "");
    if (type === "split") return t("activities.percent", { share: shareOf(path) });
    return type === "dataSource" ? ruleTextOf(path, decisionRules) : "";
  };
  return (
    <Stack>
      <Picker
        label={t("activities.condition.type")}
        selectedKey={type}
        isDisabled={isReadOnly}
        onSelectionChange={(key) =>
          String(key) !== type && onChange(ofType(node, String(key) as ConditionType, today()))
        }
        width="100%"
      >
        {CONDITION_TYPES.map((one) => (
          <Item key={one}>{t(`activities.condition.${one}`)}</Item>
        ))}
      </Picker>
      <Note>{t(`activities.conditionHelp.${type}`)}</Note>
      {isCap && (
        <NumberField
          label={t("activities.condition.limit")}
          value={numberOf(node.limit) ?? 1_000}
          minValue={1}
          maxValue={1_000_000_000}
          isReadOnly={isReadOnly}
          onChange={(limit) => Number.isFinite(limit) && onChange(withMembers(node, { limit }))}
          width="100%"
        />
      )}
      <PathList
        paths={paths}
        onChange={set}
        isReadOnly={isReadOnly}
        nameOf={nameOf}
        detailOf={detailOf}
        create={() => newPath(type, today())}
        least={isCap ? 2 : 1}
        most={isCap ? 2 : 50}
      >
        {(path, change) => (
          <>
            <ConditionPath
              key={type}
              type={type}
              path={path}
              document={document}
              nodeId={nodeId}
              onChange={change}
              isReadOnly={isReadOnly}
            />
            {problems[path.id] !== undefined && <span className={styles.wrong}>{t(problems[path.id] ?? "")}</span>}
          </>
        )}
      </PathList>
      {type === "split" && <Shares paths={paths} onChange={set} isReadOnly={isReadOnly} nameOf={nameOf} />}
      {!EXHAUSTIVE.has(type) && (
        <Switch
          isSelected={node.otherPath === true}
          isReadOnly={isReadOnly}
          onChange={(on) => onChange(withMembers(node, { otherPath: on || undefined }))}
        >
          {t("activities.condition.otherPath")}
        </Switch>
      )}
      {type === "dataSource" && <DynamicValues {...props} />}
      {(type === "time" || type === "date") && <ZoneNote document={document} />}
    </Stack>
  );
}
