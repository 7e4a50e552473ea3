import { Button, DialogContainer, Flex, SearchField } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { FilterPicker } from "@/ui/FilterPicker";
import { Loading } from "@/ui/Loading";
import { Pager } from "@/ui/Pager";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { useSearchText } from "@/ui/useSearchText";
import { SUPPRESSIONS_PAGE, type Suppression, suppressionsQuery, unsuppress } from "./channels";
import { SuppressDialog } from "./SuppressDialog";
import { CHANNELS, type ChannelsSearch } from "./search";

interface Props {
  search: ChannelsSearch;
  onChange: (changed: ChannelsSearch) => void;
}

const COLUMNS = ["address", "channel", "reason", "note", "addedAt", "act"] as const;

/** Addresses nothing is sent to. */
export function Suppressions({ search, onChange }: Props) {
  const t = useT();
  const mayRead = useMay("messages.read");
  const mayWrite = useMay("messages.write");
  const mayDelete = useMay("messages.delete");
  const [address, setAddress] = useSearchText(search.address ?? "", (text) =>
    onChange({ address: text.trim() || undefined }),
  );
  const page = search.page ?? 0;
  const found = useQuery({
    ...suppressionsQuery(search.channel, search.address, page),
    placeholderData: keepPreviousData,
    enabled: mayRead,
  });
  const [isAdding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Suppression | null>(null);
  const remove = useAct(unsuppress, {
    invalidates: [["channels", "suppressions"]],
    done: t("templates.done.unsuppressed"),
  });
  const isFiltered = search.channel !== undefined || search.address !== undefined;
  return (
    <>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <SearchField
          label={t("templates.suppressions.address")}
          value={address}
          onChange={setAddress}
          onClear={() => setAddress("")}
          width="size-3400"
        />
        <FilterPicker
          label={t("templates.field.channel")}
          choices={CHANNELS.map((id) => ({ id, name: t(`templates.channel.${id}`) }))}
          value={search.channel}
          onChange={(channel) => onChange({ channel })}
        />
        {mayWrite && (
          <Button variant="secondary" onPress={() => setAdding(true)}>
            {t("templates.suppressions.add")}
          </Button>
        )}
      </Flex>
      {found.error && <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />}
      {mayRead && found.isPending && <Loading />}
      {found.data?.length === 0 && (
        <Empty
          kind="templates"
          isSearch={isFiltered}
          title={t(isFiltered ? "common.noneMatch.title" : "templates.suppressions.empty")}
          detail={t(isFiltered ? "templates.suppressions.whole" : "templates.suppressions.emptyDetail")}
        />
      )}
      {found.data !== undefined && found.data.length > 0 && (
        <FigureTable
          stacks
          caption={t("templates.tab.suppressions")}
          columns={COLUMNS.map((id) => ({ id, name: t(`templates.suppressions.${id}`), isText: true }))}
          rows={found.data.map((one) => ({
            id: `${one.channel} ${one.address}`,
            cells: {
              address: one.address,
              channel: t(`templates.channel.${one.channel}`),
              reason: t(`templates.reason.${one.reason}`),
              note: one.note || "–",
              addedAt: <Time value={one.addedAt} />,
              act: mayDelete ? (
                <Button
                  variant="secondary"
                  onPress={() => setAsked(one)}
                  aria-label={t("templates.suppressions.removeOne", { address: one.address })}
                >
                  {t("templates.suppressions.remove")}
                </Button>
              ) : (
                "–"
              ),
            },
          }))}
        />
      )}
      <Pager
        page={page}
        hasNext={found.data?.length === SUPPRESSIONS_PAGE}
        onChange={(to) => onChange({ page: to || undefined })}
      />
      <DialogContainer onDismiss={() => setAdding(false)}>
        {isAdding && <SuppressDialog channel={search.channel ?? "email"} onClose={() => setAdding(false)} />}
      </DialogContainer>
      <Asked
        isOpen={asked !== null}
        title={t("templates.suppressions.removeTitle", { address: asked?.address ?? "" })}
        confirm={t("templates.suppressions.remove")}
        isDestructive={false}
        onConfirm={() => asked && remove.mutate(asked)}
        onClose={() => setAsked(null)}
      >
        {t("templates.suppressions.removeDetail")}
      </Asked>
    </>
  );
}
