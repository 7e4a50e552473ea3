import { ActionButton, Button, Flex, SearchField } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { FilterPicker } from "@/ui/FilterPicker";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { useSearchText } from "@/ui/useSearchText";
import { CHANNELS, emptyInbox, type InboxSearch, inboxQuery } from "./inbox";

/** Messages that the built-in inbox keeps in place of sending them. */
export function InboxPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/inbox" });
  const navigate = useNavigate();
  const change = (changed: Partial<InboxSearch>) =>
    void navigate({ to: "/inbox", search: { ...search, before: undefined, ...changed } });
  const [address, setAddress] = useSearchText(search.address ?? "", (text) => change({ address: text || undefined }));
  const inbox = useQuery({ ...inboxQuery(search), placeholderData: keepPreviousData });
  const [isAsked, setAsked] = useState(false);
  const mayEmpty = useMay("messages.delete");
  const clear = useAct(emptyInbox, { invalidates: [["inbox"]], done: t("inbox.emptied") });
  const messages = inbox.data?.results ?? [];
  const isFiltered = search.channel !== undefined || search.address !== undefined;
  return (
    <Page
      title={t("inbox.title")}
      description={t("inbox.description")}
      actions={
        <Button
          variant="negative"
          isDisabled={!mayEmpty || (messages.length === 0 && !isFiltered)}
          onPress={() => setAsked(true)}
        >
          {t("inbox.clear")}
        </Button>
      }
    >
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <SearchField label={t("inbox.address")} value={address} onChange={setAddress} width="size-3400" />
        <FilterPicker
          label={t("inbox.channel")}
          choices={CHANNELS.map((id) => ({ id, name: t(`inbox.channel.${id}`) }))}
          value={CHANNELS.find((one) => one === search.channel)}
          onChange={(channel) => change({ channel })}
        />
      </Flex>
      {inbox.error && <ErrorNotice error={inbox.error} onRetry={() => void inbox.refetch()} />}
      {inbox.isPending && <Loading />}
      {inbox.data && messages.length === 0 && (
        <Empty
          kind="inbox"
          isSearch={isFiltered}
          title={isFiltered ? t("common.noneMatch.title") : t("inbox.empty.title")}
          detail={isFiltered ? t("common.noneMatch.detail") : t("inbox.empty.detail")}
        />
      )}
      {messages.length > 0 && (
        <FigureTable
          stacks
          caption={t("inbox.title")}
          columns={[
            { id: "title", name: t("inbox.subject"), isText: true },
            { id: "channel", name: t("inbox.channel"), isText: true },
            { id: "address", name: t("inbox.address"), isText: true },
            { id: "template", name: t("inbox.template"), isText: true },
            { id: "at", name: t("inbox.at"), isText: true },
          ]}
          rows={messages.map((one) => ({
            id: String(one.id),
            cells: {
              title: (
                <PageLink to="/inbox/$uid" params={{ uid: one.messageId }}>
                  {one.title || t("inbox.untitled")}
                </PageLink>
              ),
              channel: t(`inbox.channel.${one.channel}`),
              address: one.address,
              template: one.templateName ?? "–",
              at: <Time value={one.at} />,
            },
          }))}
        />
      )}
      <Flex justifyContent="end" gap="size-100" marginTop="size-150">
        {search.before !== undefined && (
          <ActionButton onPress={() => change({ before: undefined })}>{t("inbox.latest")}</ActionButton>
        )}
        {typeof inbox.data?.next === "number" && (
          <ActionButton onPress={() => change({ before: inbox.data?.next ?? undefined })}>
            {t("inbox.older")}
          </ActionButton>
        )}
      </Flex>
      <Asked
        isOpen={isAsked}
        title={t("inbox.clear")}
        confirm={t("inbox.clear")}
        onConfirm={() => clear.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("inbox.clear.detail")}
      </Asked>
    </Page>
  );
}
