import { FormattedDate, FormattedRelativeTime } from "react-intl";

/** How long ago, within a day; else the date. The exact moment is its title. */
export function Time({ value }: { value: string | number | Date }) {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return null;
  const seconds = (at.getTime() - Date.now()) / 1000;
  return (
    <time dateTime={at.toISOString()} title={at.toLocaleString()}>
      {Math.abs(seconds) < 86_400 ? (
        <FormattedRelativeTime value={Math.round(seconds)} numeric="auto" updateIntervalInSeconds={10} />
      ) : (
        <FormattedDate value={at} dateStyle="medium" timeStyle="short" />
      )}
    </time>
  );
}
