import { DateRangePicker, Flex, Item, Picker } from "@adobe/react-spectrum";
import { parseDate } from "@internationalized/date";
import { useT } from "@/i18n/useT";
import { type Asked, INTERVALS, RANGES, type ReportSearch } from "./reportSearch";

interface Props {
  search: ReportSearch;
  asked: Asked;
  onChange: (changed: Partial<ReportSearch>) => void;
}

/** Which time a report is about, and how finely it is cut. */
export function ReportRange({ search, asked, onChange }: Props) {
  const t = useT();
  const range = search.range ?? "day";
  const today = dayOf(new Date());
  const weekAgo = dayOf(new Date(Date.now() - 6 * 86_400_000));
  return (
    <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
      <Picker
        label={t("journeys.report.range")}
        items={RANGES.map((id) => ({ id }))}
        selectedKey={range}
        onSelectionChange={(key) =>
          onChange({
            range: RANGES.find((one) => one === key),
            interval: undefined,
            from: key === "custom" ? (search.from ?? weekAgo) : undefined,
            to: key === "custom" ? (search.to ?? today) : undefined,
          })
        }
      >
        {(item) => <Item>{t(`journeys.range.${item.id}`)}</Item>}
      </Picker>
      {range === "custom" && (
        <DateRangePicker
          label={t("journeys.report.dates")}
          value={{ start: parseDate(search.from ?? today), end: parseDate(search.to ?? search.from ?? today) }}
          maxValue={parseDate(today)}
          onChange={(chosen) =>
            chosen && onChange({ from: chosen.start.toString(), to: chosen.end.toString(), interval: undefined })
          }
        />
      )}
      <Picker
        label={t("journeys.report.interval")}
        selectedKey={asked.interval}
        disabledKeys={INTERVALS.filter((one) => !asked.intervals.includes(one))}
        onSelectionChange={(key) => onChange({ interval: INTERVALS.find((one) => one === key) })}
        items={INTERVALS.map((id) => ({ id }))}
      >
        {(item) => <Item>{t(`journeys.interval.${item.id}`)}</Item>}
      </Picker>
    </Flex>
  );
}

/** Such as 2026-01-31, in the reader's own zone. */
function dayOf(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
