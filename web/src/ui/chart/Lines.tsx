import {
  Bar,
  CartesianGrid,
  ComposedChart,
  Legend,
  Line,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from "recharts";
import { useT } from "@/i18n/useT";
import type { ChartPoint, ChartSeries } from "./TimeChart";
import styles from "./TimeChart.module.css";

interface Props {
  series: readonly ChartSeries[];
  points: readonly ChartPoint[];
  format: (at: number) => string;
  formatValue: (value: number) => string;
  isBar: boolean;
}

const AXIS = { fill: "var(--spectrum-global-color-gray-700)", fontSize: 11 };

/** The drawing; loaded only where a chart is. */
export default function Lines({ series, points, format, formatValue, isBar }: Props) {
  const t = useT();
  const data = points.map((point) => ({ at: point.at, ...point.values }));
  return (
    <ResponsiveContainer width="100%" height="100%">
      <ComposedChart data={data} margin={{ top: 12, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <CartesianGrid stroke="var(--spectrum-global-color-gray-300)" vertical={false} />
        <XAxis
          dataKey="at"
          tickFormatter={format}
          tick={AXIS}
          minTickGap={40}
          stroke="var(--spectrum-global-color-gray-400)"
        />
        <YAxis allowDecimals={false} width={44} tick={AXIS} stroke="none" />
        <Tooltip
          isAnimationActive={false}
          content={(shown: TooltipContentProps) =>
            shown.active ? (
              <div className={styles.tooltip}>
                <strong>{format(Number(shown.label))}</strong>
                {series.map((one) => {
                  const value = shown.payload.find((each) => each.dataKey === one.id)?.value;
                  return typeof value === "number" ? (
                    <p key={one.id}>
                      <i style={{ background: one.color }} />
                      {t("common.named", { name: one.name, value: formatValue(value) })}
                    </p>
                  ) : null;
                })}
              </div>
            ) : null
          }
        />
        <Legend
          itemSorter={null}
          iconType={isBar ? "square" : "plainline"}
          formatter={(name) => (
            <span style={{ color: "var(--spectrum-global-color-gray-800)", fontSize: 12 }}>{name}</span>
          )}
        />
        {series.map((one) =>
          isBar ? (
            <Bar
              key={one.id}
              dataKey={one.id}
              name={one.name}
              fill={one.color}
              isAnimationActive={false}
              maxBarSize={48}
            />
          ) : (
            <Line
              key={one.id}
              dataKey={one.id}
              name={one.name}
              stroke={one.color}
              strokeDasharray={one.dash}
              strokeWidth={2}
              dot={points.length < 3}
              type="linear"
              isAnimationActive={false}
            />
          ),
        )}
      </ComposedChart>
    </ResponsiveContainer>
  );
}
