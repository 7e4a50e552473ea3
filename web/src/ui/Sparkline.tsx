interface Props {
  /** Counts of equal spans of time, the oldest first. */
  values: readonly number[];
  label: string;
}

/** A small line of counts; `label` says the same in words. */
export function Sparkline({ values, label }: Props) {
  const [width, height] = [96, 24];
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`,
  );
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="var(--spectrum-semantic-informative-color-default, #378ef0)"
        strokeWidth="1.5"
        strokeLinejoin="round"
      />
    </svg>
  );
}
