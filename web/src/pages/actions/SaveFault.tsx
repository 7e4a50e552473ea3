import { ErrorNotice } from "@/ui/ErrorNotice";
import styles from "./actions.module.css";
import { isRefusal } from "./faults";

/** Why an action could not be saved. */
export function SaveFault({ error }: { error: Error }) {
  return (
    <div className={styles.notice}>
      <ErrorNotice error={error} kind={isRefusal(error) ? "invalid" : undefined} />
    </div>
  );
}
