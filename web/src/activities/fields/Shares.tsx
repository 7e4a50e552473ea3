import { Button, NumberField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { distributed, type Path, shareOf, totalOf } from "../paths";
import styles from "./fields.module.css";
import { Part } from "./Stack";

interface Props {
  paths: Path[];
  onChange: (paths: Path[]) => void;
  isReadOnly: boolean;
  nameOf: (path: Path, index: number) => string;
  /** What none of the paths gets. */
  holdout?: number;
}

/** How many percent take each path; they add up to 100. */
export function Shares({ paths, onChange, isReadOnly, nameOf, holdout = 0 }: Props) {
  const t = useT();
  const total = totalOf(paths, holdout);
  const set = (id: string, percentage: number) =>
    onChange(paths.map((path) => (path.id === id ? { ...path, percentage } : path)));
  return (
    <Part title={t("activities.shares")}>
      {paths.map((path, index) => (
        <NumberField
          key={path.id}
          label={t("activities.shares.of", { name: nameOf(path, index) })}
          labelPosition="side"
          UNSAFE_className={styles.share}
          value={shareOf(path)}
          minValue={0}
          maxValue={100}
          step={1}
          isReadOnly={isReadOnly}
          onChange={(share) => Number.isFinite(share) && set(path.id, share)}
          width="100%"
        />
      ))}
      <div className={styles.head}>
        <span className={total === 100 ? undefined : styles.wrong} aria-live="polite">
          {t(total === 100 ? "activities.shares.total" : "activities.shares.wrong", { total })}
        </span>
        {!isReadOnly && (
          <Button variant="secondary" onPress={() => onChange(distributed(paths, holdout))}>
            {t("activities.shares.distribute")}
          </Button>
        )}
      </div>
    </Part>
  );
}
