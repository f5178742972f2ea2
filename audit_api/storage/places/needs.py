"""The needs map: voters with disabilities of each station, by user group; counts only."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    String,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from audit_api.domain.vocabulary import UserGroup
from audit_api.storage.base import Base, Instant


class NeedsMap(Base):
    """The counts of one station of a campaign. `synthetic`: made up, for a demonstration."""

    __tablename__ = "needs_map"
    __table_args__ = (
        ForeignKeyConstraint(
            ["campaign_id", "number"],
            ["station.campaign_id", "station.number"],
            name="fk_needs_map_campaign_id_number_station",
        ),
        CheckConstraint(
            "least(wheelchair, mobility, vision, hearing, intellectual) >= 0", name="voters"
        ),
    )

    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    wheelchair: Mapped[int]
    mobility: Mapped[int]
    vision: Mapped[int]
    hearing: Mapped[int]
    intellectual: Mapped[int]
    synthetic: Mapped[bool] = mapped_column(Boolean, server_default=false(), default=False)
    imported_at: Mapped[Instant]


GROUPS_OF_NEEDS = ", ".join(f"'{group}', needs.{group}" for group in UserGroup)
"""The counts of a row `needs` as the members of a JSON object; SQL."""
NEEDS_OF_SITE = f"""(select coalesce(json_agg(json_build_object('campaign', needs.campaign_id,
    'number', needs.number, 'suppressed_below', null,
    'voters', json_build_object({GROUPS_OF_NEEDS}), 'synthetic', needs.synthetic)
    order by needs.campaign_id, needs.number), '[]'::json)
    from needs_map needs join station st on st.campaign_id = needs.campaign_id
        and st.number = needs.number where st.site_id = site.id)"""
"""The needs maps of the stations that the row `site` serves as; SQL."""
