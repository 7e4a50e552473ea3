import { useT } from "@/i18n/useT";
import styles from "./ActivityNode.module.css";
import { useJumps } from "./jumps";

/** Says at the first activity which journeys people jump here from. */
export function JumpEntry() {
  const t = useT();
  const origins = useJumps();
  if (origins.length === 0) return null;
  const names = origins.map((origin) => origin.name).join(", ");
  return (
    <p className={styles.jumps} title={t("designer.jumps.from", { names })}>
      {t("designer.jumps")}: {names}
    </p>
  );
}
