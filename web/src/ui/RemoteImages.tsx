import { Switch } from "@adobe/react-spectrum";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { Asked } from "./Asked";
import { hasRemoteImages } from "./remoteImages";

interface Props {
  html: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

/** Asks before images of other servers are loaded, since these see it; not shown where a message has none. */
export function RemoteImages({ html, isOn, onChange }: Props) {
  const t = useT();
  const [isAsked, setAsked] = useState(false);
  if (!hasRemoteImages(html)) return null;
  return (
    <>
      <Switch isSelected={isOn} onChange={(wanted) => (wanted ? setAsked(true) : onChange(false))}>
        {t("common.remoteImages")}
      </Switch>
      <Asked
        isOpen={isAsked}
        title={t("common.remoteImages.title")}
        confirm={t("common.remoteImages.confirm")}
        isDestructive={false}
        onConfirm={() => onChange(true)}
        onClose={() => setAsked(false)}
      >
        {t("common.remoteImages.detail")}
      </Asked>
    </>
  );
}
