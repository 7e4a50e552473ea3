import { Button } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { download, toCsv } from "@/ui/download";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { AnswerTable } from "./AnswerTable";
import { ask, cellOf, datasetsQuery, tableOf } from "./datasets";
import { SqlEditor } from "./SqlEditor";

/** One SELECT over the data sets; what was run stands in the address. */
export function QueryPage() {
  const t = useT();
  const { sql = "" } = useSearch({ from: "/shell/datasets/query" });
  const navigate = useNavigate();
  const datasets = useQuery(datasetsQuery);
  const [text, setText] = useState(sql);
  const answer = useQuery({
    queryKey: ["datasets", "sql", sql],
    queryFn: ({ signal }) => ask(sql, 1_000, signal),
    enabled: sql !== "",
    retry: false,
    refetchOnWindowFocus: false,
  });
  const run = () =>
    text === sql ? void answer.refetch() : void navigate({ to: "/datasets/query", search: { sql: text || undefined } });
  const { data } = answer;
  const csv = () => {
    if (data === undefined) return;
    const rows = data.rows.map((row) => row.map((value) => (typeof value === "number" ? value : cellOf(value))));
    download("query.csv", toCsv([data.columns.map((one) => one.name), ...rows]), "text/csv");
  };
  return (
    <Page
      title={t("datasets.query.title")}
      description={<PageLink to="/datasets">{t("datasets.title")}</PageLink>}
      actions={
        <>
          <Button variant="secondary" isDisabled={data === undefined} onPress={csv}>
            {t("datasets.query.csv")}
          </Button>
          <Button variant="accent" isDisabled={text.trim() === ""} isPending={answer.isFetching} onPress={run}>
            {t("datasets.query.run")}
          </Button>
        </>
      }
    >
      {datasets.isPending ? (
        <Loading />
      ) : (
        <SqlEditor
          value={text}
          label={t("datasets.query.title")}
          tables={(datasets.data ?? []).map(tableOf)}
          onChange={setText}
          onRun={run}
        />
      )}
      {sql === "" && <p>{t("datasets.query.hint")}</p>}
      {answer.error && <ErrorNotice error={answer.error} />}
      {data && <AnswerTable answer={data} caption={t("datasets.query.title")} />}
    </Page>
  );
}
