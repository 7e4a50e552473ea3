import { Flex, Item, Picker, SearchField } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { Pager } from "@/ui/Pager";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { STATUSES } from "./audienceSearch";
import { type AudienceSearch, attributesText, membersQuery } from "./audiences";

/** Who is in an audience, or was, in the order of their identities. */
export function Members({ id, search }: { id: string; search: AudienceSearch }) {
  const t = useT();
  const navigate = useNavigate();
  const { q = "", status = "realized", start, page = 0 } = search;
  // Where the pages begin that were seen; the server tells only of the next one.
  const starts = useRef<(string | undefined)[]>([]);
  starts.current[page] = start;
  const members = useQuery({ ...membersQuery(id, { q, status, start }), placeholderData: keepPreviousData });
  const go = (changed: AudienceSearch) =>
    void navigate({ to: "/audiences/$id", params: { id }, search: { ...search, ...changed }, replace: true });
  const filter = (changed: AudienceSearch) => go({ start: undefined, page: undefined, ...changed });
  const [text, setText] = useSearchText(q, (wanted) => filter({ q: wanted || undefined }));
  const turn = (to: number) => {
    const at = to > page ? members.data?.next : starts.current[to];
    go(at === undefined || to === 0 ? { start: undefined, page: undefined } : { start: at, page: to });
  };
  return (
    <>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <SearchField
          label={t("audiences.member.search")}
          value={text}
          onChange={setText}
          onClear={() => setText("")}
          width="size-3400"
        />
        <Picker
          label={t("audiences.member.status")}
          items={STATUSES.map((one) => ({ id: one, name: t(`audiences.status.${one}`) }))}
          selectedKey={status}
          onSelectionChange={(key) => filter({ status: key === "exited" ? "exited" : undefined })}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
      </Flex>
      {members.error && <ErrorNotice error={members.error} onRetry={() => void members.refetch()} />}
      {members.isPending && <Loading />}
      {members.data?.members.length === 0 &&
        (q === "" ? (
          <Empty kind="audiences" title={t(`audiences.none.${status}`)} detail={t("audiences.none.detail")} />
        ) : (
          <Empty isSearch title={t("common.noneMatch.title")} detail={t("audiences.member.begins")} />
        ))}
      {members.data !== undefined && members.data.members.length > 0 && (
        <FigureTable
          caption={t("audiences.members")}
          isWhole
          columns={[
            { id: "identity", name: t("audiences.member.identity"), isText: true },
            { id: "since", name: t(`audiences.member.since.${status}`), isText: true },
            { id: "attributes", name: t("audiences.member.attributes"), isText: true },
          ]}
          rows={members.data.members.map((one) => ({
            id: `${one.identity.namespace.code} ${one.identity.id}`,
            cells: {
              identity: (
                <PageLink to="/profiles" search={{ namespace: one.identity.namespace.code, id: one.identity.id }}>
                  {one.identity.id}
                </PageLink>
              ),
              since: <Time value={one.lastQualificationTime} />,
              attributes: attributesText(one.attributes) || "–",
            },
          }))}
        />
      )}
      <Pager page={page} hasNext={members.data?.next !== undefined} onChange={turn} />
    </>
  );
}
