import { Button, Content, Dialog, DialogContainer, Divider, Heading } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { call } from "@/api/call";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Facts } from "@/ui/Facts";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { Pager } from "@/ui/Pager";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { AuditFilters } from "./AuditFilters";
import { type AuditAnswer, type AuditLine, type AuditSearch, propertiesOf, RESULTS } from "./audit";
import { useWords } from "./useWords";

const PAGE_SIZE = 50;

/** Who changed what, and who was denied. */
export function AuditPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/audit" });
  const navigate = useNavigate();
  const change = (changed: Partial<AuditSearch>) =>
    void navigate({ to: "/audit", search: { ...search, page: undefined, ...changed } });
  const property = propertiesOf(search);
  const start = (search.page ?? 0) * PAGE_SIZE;
  const log = useQuery({
    queryKey: ["audit", property, start],
    queryFn: () =>
      call<AuditAnswer>("GET", "/data/foundation/audit/events", { query: { property, limit: PAGE_SIZE, start } }),
    placeholderData: keepPreviousData,
  });
  const { actionName, assetName } = useWords();
  const lines = log.data?._embedded.events ?? [];
  const opened = lines.find((line) => line.id === search.line);
  const close = () => change({ line: undefined, page: search.page });
  return (
    <Page title={t("audit.title")} description={t("audit.description")}>
      <AuditFilters search={search} onChange={change} />
      {log.error && <ErrorNotice error={log.error} onRetry={() => void log.refetch()} />}
      {log.isPending && <Loading />}
      {log.data && lines.length === 0 && (
        <Empty
          kind="audit"
          isSearch={property.length > 0}
          title={property.length > 0 ? t("common.noneMatch.title") : t("audit.empty.title")}
          detail={property.length > 0 ? t("common.noneMatch.detail") : t("audit.empty.detail")}
          action={
            property.length > 0 && (
              <Button variant="secondary" onPress={() => void navigate({ to: "/audit", search: {} })}>
                {t("common.clearFilters")}
              </Button>
            )
          }
        />
      )}
      {lines.length > 0 && (
        <>
          <FigureTable
            caption={t("audit.title")}
            isWhole
            stacks
            onOpen={(line) => change({ line, page: search.page })}
            columns={[
              { id: "at", name: t("audit.column.at") },
              { id: "who", name: t("audit.column.who"), isText: true },
              { id: "action", name: t("audit.column.action"), isText: true },
              { id: "asset", name: t("audit.column.asset"), isText: true },
              { id: "name", name: t("audit.column.name"), isText: true, breaks: true },
              { id: "result", name: t("audit.column.result"), isText: true },
            ]}
            rows={lines.map((line) => ({
              id: line.id,
              cells: {
                at: <Time value={moment(line.timestamp)} />,
                who: shortName(line.userEmail),
                action: actionName(line.action),
                asset: assetName(line.assetType),
                name: shortName(line.assetName || line.assetId),
                result: <Result status={line.status} />,
              },
            }))}
          />
          <Pager
            page={search.page ?? 0}
            hasNext={start + lines.length < (log.data?.page.totalElements ?? 0)}
            total={log.data?.page.totalElements}
            onChange={(page) => change({ page: page || undefined })}
          />
        </>
      )}
      <DialogContainer onDismiss={close}>
        {opened && (
          <Dialog isDismissable size="M">
            <Heading>
              {t("audit.line.title", { action: actionName(opened.action), asset: assetName(opened.assetType) })}
            </Heading>
            <Divider />
            <Content>
              <LineFacts line={opened} />
            </Content>
          </Dialog>
        )}
      </DialogContainer>
    </Page>
  );
}

const TONES = { Success: "positive", Failure: "negative", Deny: "notice" } as const;

function Result({ status }: { status: string }) {
  const t = useT();
  const known = RESULTS.find((one) => one === status);
  return (
    <Light tone={known === undefined ? "neutral" : TONES[known]}>
      {known === undefined ? status : t(`audit.result.${known}`)}
    </Light>
  );
}

function LineFacts({ line }: { line: AuditLine }) {
  const t = useT();
  const { assetName } = useWords();
  return (
    <Facts
      facts={[
        [t("audit.column.at"), new Date(moment(line.timestamp)).toISOString()],
        [t("audit.column.who"), line.userEmail],
        [t("audit.fact.client"), line.authId || "–"],
        [t("audit.fact.addresses"), line.userIpAddresses.join(", ") || "–"],
        [t("audit.column.asset"), assetName(line.assetType)],
        [t("audit.column.name"), line.assetName || "–"],
        [t("audit.fact.assetId"), line.assetId || "–"],
        [t("audit.column.result"), <Result key="result" status={line.status} />],
        ...(line.failureCode ? [[t("audit.fact.failure"), line.failureCode] as const] : []),
        ...(line.comment ? [[t("audit.fact.comment"), line.comment] as const] : []),
        [t("audit.fact.permission"), `${line.permissionResource} ${line.permissionType}`],
        [t("audit.fact.sandbox"), line.sandboxName],
        [t("audit.fact.request"), line.requestId],
      ]}
    />
  );
}

/** `+0000` is no offset that every browser reads. */
const moment = (timestamp: string) => timestamp.replace(/\+0000$/, "Z");
