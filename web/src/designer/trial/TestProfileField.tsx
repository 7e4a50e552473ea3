import { ComboBox, Item } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";

interface Props {
  namespace: string;
  value: string;
  onChange: (identity: string) => void;
}

const TYPING_MS = 250;

/** Whom a test event is about: a test profile, found by a part of its identity, or any identity as it is typed. */
export function TestProfileField({ namespace, value, onChange }: Props) {
  const t = useT();
  const mayRead = useMay("profiles.read");
  const [search, setSearch] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  const found = useQuery({
    queryKey: ["trial", "testProfiles", namespace, search],
    queryFn: ({ signal }) =>
      call<{ results: { id: string }[] }>("GET", "/parcours/testProfiles", { query: { namespace, search }, signal }),
    enabled: mayRead && namespace !== "",
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
  const profiles = found.data?.results ?? [];
  const hasNone = found.isSuccess && !found.isPlaceholderData && search === "" && profiles.length === 0;
  return (
    <ComboBox
      label={t("trial.identity", { namespace })}
      description={t(hasNone ? "trial.identity.none" : "trial.identity.detail")}
      items={profiles}
      inputValue={value}
      onInputChange={onChange}
      onSelectionChange={(key) => key !== null && onChange(String(key))}
      loadingState={found.isFetching ? "filtering" : "idle"}
      allowsCustomValue
      menuTrigger="focus"
      width="100%"
    >
      {(one) => <Item key={one.id}>{one.id}</Item>}
    </ComboBox>
  );
}
