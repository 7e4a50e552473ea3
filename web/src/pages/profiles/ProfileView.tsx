import { Button, Flex, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { datasetsQuery } from "@/pages/datasets/datasets";
import { Asked } from "@/ui/Asked";
import { Facts } from "@/ui/Facts";
import { FigureTable } from "@/ui/FigureTable";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { Audiences, Events, Journeys, Messages } from "./ProfileParts";
import { attributesOf, deleteProfile, PROFILE_TABS, type Profile } from "./profiles";

interface Props {
  namespace: string;
  id: string;
  profile: Profile;
}

/** All that is known of one person. */
export function ProfileView({ namespace, id, profile }: Props) {
  const t = useT();
  const search = useSearch({ from: "/shell/profiles" });
  const navigate = useNavigate();
  const tab = search.tab ?? "attributes";
  const datasets = useQuery({ ...datasetsQuery, enabled: useMay("datasets.read") });
  const mayDelete = useMay("profiles.delete");
  const [isAsked, setAsked] = useState(false);
  const remove = useAct(() => deleteProfile(namespace, id), {
    invalidates: [["profiles"]],
    done: t("profiles.deleted"),
  });
  const nameOf = (source: string) => datasets.data?.find((one) => one.id === source)?.name ?? source;
  const identities = Object.entries(profile.entity.identityMap ?? {}).flatMap(([code, ones]) =>
    ones.map((one) => `${code}: ${one.id}`),
  );
  return (
    <>
      <Flex justifyContent="space-between" alignItems="start" gap="size-200" marginTop="size-200">
        <Facts
          facts={[
            [t("profiles.identities"), identities.join(", ") || "–"],
            [t("profiles.sources"), profile.sources.map(nameOf).join(", ") || "–"],
            [
              t("profiles.modified"),
              profile.lastModifiedAt ? <Time key="modified" value={profile.lastModifiedAt} /> : "–",
            ],
          ]}
        />
        <Button variant="negative" isDisabled={!mayDelete} onPress={() => setAsked(true)}>
          {t("common.delete")}
        </Button>
      </Flex>
      <Tabs
        aria-label={id}
        selectedKey={tab}
        onSelectionChange={(key) =>
          void navigate({
            to: "/profiles",
            search: { namespace, id, tab: PROFILE_TABS.find((known) => known === key) },
          })
        }
      >
        <TabList>
          {PROFILE_TABS.map((key) => (
            <Item key={key}>{t(`profiles.tab.${key}`)}</Item>
          ))}
        </TabList>
        <TabPanels marginTop="size-150">
          <Item key="attributes">
            <FigureTable
              stacks
              caption={t("profiles.tab.attributes")}
              columns={[
                { id: "path", name: t("profiles.path"), isText: true },
                { id: "value", name: t("profiles.value"), isText: true },
              ]}
              rows={attributesOf(profile.entity).map((one) => ({ id: one.path, cells: { ...one } }))}
            />
          </Item>
          <Item key="events">
            <Events namespace={namespace} id={id} nameOf={nameOf} />
          </Item>
          <Item key="journeys">
            <Journeys namespace={namespace} id={id} />
          </Item>
          <Item key="audiences">
            <Audiences namespace={namespace} id={id} />
          </Item>
          <Item key="messages">
            <Messages address={id} />
          </Item>
        </TabPanels>
      </Tabs>
      <Asked
        isOpen={isAsked}
        title={t("profiles.delete.title")}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("profiles.delete.detail")}
      </Asked>
    </>
  );
}
