"""The pool of past fakes that the discriminators are trained on."""

from __future__ import annotations

import torch


class ImagePool:
    """Keep the last fakes and hand the discriminator an old one half of the time.

    While the pool fills, each image goes in and comes back. Then, with probability 1/2, an image is stored in place
    of a random one, which is returned; otherwise it is returned itself.

    Parameters
    ----------
    size : int
        Images kept; 0 passes every image through.
    shape : tuple of int
        Shape of one image.
    dtype : torch.dtype
        Type of the stored images.

    Notes
    -----
    Shrivastava et al. 2017, section 2.3; 50 images in Zhu et al. 2017, section 4.
    """

    def __init__(self, size: int, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> None:
        self.size = size
        self.images = torch.zeros((size, *shape), dtype=dtype)
        self.count = 0

    def swap(self, image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Offer one image and return the one to show to the discriminator.

        Parameters
        ----------
        image : torch.Tensor
            Image of the pool's shape, without gradient, on any device.
        generator : torch.Generator
            CPU source of the two draws.
        """
        if self.size == 0:
            return image
        if self.count < self.size:
            self.images[self.count] = image.to(self.images)
            self.count += 1
            return image
        if torch.rand((), generator=generator).item() <= 0.5:
            return image
        slot = int(torch.randint(self.size, (), generator=generator))
        # A copy, because the slot is overwritten next.
        old = self.images[slot].to(image, copy=True)
        self.images[slot] = image.to(self.images)
        return old
