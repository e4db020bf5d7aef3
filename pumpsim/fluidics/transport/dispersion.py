"""Which transport holds in a round tube: two numbers of its size, the diffusivity and the time.

Sources: PHYSICS 4.1 and V10; G. I. Taylor 1953, R. Aris 1956 (dispersion of soluble matter in a tube).
"""

M_PER_MM = 1e-3
LEAST_SPREAD = 1.0 / 200.0
"""A row of more than 200 tanks costs more than it shows: sigma is 7 % of the transit time with these (a choice of ours)."""


def dispersion_number(diffusivity_m2_per_s: float, seconds: float, radius_mm: float) -> float:
    """Give D t / r^2: how far diffusion has evened out the cross-section after this time in the tube.

    Well below 0.05 streamlines keep to themselves (laminar); well above 1 Taylor-Aris holds (dispersed; the same as
    L/u >> r^2/D with t = L/u). In between neither does.
    """
    return diffusivity_m2_per_s * seconds / (radius_mm * M_PER_MM) ** 2


def taylor_diffusivity(diffusivity_m2_per_s: float, radius_mm: float, velocity_m_per_s: float) -> float:
    """Give D_eff = D (1 + Pe^2 / 48) along the tube, m2/s, with Pe = u r / D."""
    peclet = velocity_m_per_s * radius_mm * M_PER_MM / diffusivity_m2_per_s
    return diffusivity_m2_per_s * (1.0 + peclet * peclet / 48.0)


def taylor_spread(diffusivity_m2_per_s: float, radius_mm: float, velocity_m_per_s: float, length_m: float) -> float:
    """Give the variance of the residence time as part of its mean squared: 2 D_eff / (u L). All above 0.

    A row of n stirred tanks has 1/n. The leading term, for an open tube with little dispersion; above 1 it means little.
    """
    effective = taylor_diffusivity(diffusivity_m2_per_s, radius_mm, velocity_m_per_s)
    return 2.0 * effective / (velocity_m_per_s * length_m)
