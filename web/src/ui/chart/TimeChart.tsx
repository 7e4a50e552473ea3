import { ActionButton, Flex, Heading } from "@adobe/react-spectrum";
import Graph from "@spectrum-icons/workflow/GraphTrend";
import Table from "@spectrum-icons/workflow/Table";
import { lazy, Suspense, useId, useState } from "react";
import { FormattedNumber, useIntl } from "react-intl";
import { useT } from "@/i18n/useT";
import { FigureTable } from "../FigureTable";
import { Loading } from "../Loading";
import styles from "./TimeChart.module.css";

const Lines = lazy(() => import("./Lines"));

export interface ChartSeries {
  id: string;
  name: string;
  color: string;
  /** How the line is drawn, so that colour alone doesn't tell. */
  dash?: string;
}

export interface ChartPoint {
  /** Milliseconds since 1970. */
  at: number;
  values: Record<string, number | null>;
}

interface Props {
  title: string;
  series: readonly ChartSeries[];
  points: readonly ChartPoint[];
  /** What a moment is shown by. */
  times?: Intl.DateTimeFormatOptions;
  /** Appended to values, such as `ms`. */
  unit?: string;
  height?: number;
  /** Bars beside each other for each point, rather than lines. */
  isBar?: boolean;
  /** Points that are no moments: what `at` stands for, and how each is called. */
  categories?: { name: string; labels: readonly string[] };
}

export const COLORS = {
  blue: "var(--spectrum-global-color-blue-500, #2680eb)",
  green: "var(--spectrum-global-color-green-500, #2d9d78)",
  red: "var(--spectrum-global-color-red-500, #e34850)",
  orange: "var(--spectrum-global-color-orange-500, #e68619)",
  purple: "var(--spectrum-global-color-purple-500, #9256d9)",
  magenta: "var(--spectrum-global-color-magenta-500, #d83790)",
  gray: "var(--spectrum-global-color-gray-600, #8e8e8e)",
  seafoam: "var(--spectrum-global-color-seafoam-500, #1b959a)",
};

/** Figures over time as a chart, and as a table: for screen readers always, for everybody by a button. */
export function TimeChart({ title, series, points, times, unit = "", height = 220, isBar = false, categories }: Props) {
  const t = useT();
  const { formatDate, formatNumber } = useIntl();
  const id = useId();
  const [isTable, setTable] = useState(false);
  const format = (at: number) =>
    categories ? (categories.labels[at] ?? "") : formatDate(at, times ?? { dateStyle: "short", timeStyle: "short" });
  const name = (one: ChartSeries) => (unit === "" ? one.name : `${one.name} (${unit})`);
  return (
    <figure className={styles.chart} aria-labelledby={id}>
      <Flex alignItems="center" justifyContent="space-between">
        <Heading level={2} id={id} margin={0} UNSAFE_className={styles.title}>
          {title}
        </Heading>
        <ActionButton
          isQuiet
          aria-label={t(isTable ? "common.chart.asChart" : "common.chart.asTable", { title })}
          onPress={() => setTable(!isTable)}
        >
          {isTable ? <Graph /> : <Table />}
        </ActionButton>
      </Flex>
      {!isTable && (
        <div aria-hidden="true" style={{ height }}>
          <Suspense fallback={<Loading />}>
            <Lines
              series={series}
              points={points}
              format={format}
              formatValue={(value) => `${formatNumber(value)}${unit && ` ${unit}`}`}
              isBar={isBar}
            />
          </Suspense>
        </div>
      )}
      <FigureTable
        isHidden={!isTable}
        caption={title}
        columns={[
          { id: "at", name: categories?.name ?? t("common.chart.time") },
          ...series.map((one) => ({ id: one.id, name: name(one) })),
        ]}
        rows={points.map((point) => ({
          id: String(point.at),
          cells: {
            at: format(point.at),
            ...Object.fromEntries(
              series.map((one) => {
                const value = point.values[one.id];
                return [one.id, typeof value === "number" ? <FormattedNumber key={one.id} value={value} /> : "–"];
              }),
            ),
          },
        }))}
      />
    </figure>
  );
}
